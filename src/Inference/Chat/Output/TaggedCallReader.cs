using System.Text;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>
/// Reads <see cref="TaggedCalls"/>. An argument that can only be text streams as it is written; any other is converted when it is whole.
/// </summary>
internal sealed class TaggedCallReader(CallScene scene, TaggedCalls syntax, string? opener) : CallReader(scene)
{
    // Longer than any argument's name.
    private const int MaxKeyLength = 256;

    private readonly MarkerSet _keyEnds = syntax.KeyEnds;
    private readonly MarkerSet _valueEnds = syntax.ValueEnds;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _value = new();
    private State _state;
    private string _name = "";
    private string _key = "";
    private ArgumentTypes _types;
    private int _numArguments;

    private enum State
    {
        Open,
        Section,
        Name,
        Arguments,
        Key,
        ValueOpen,
        ValueStart,
        Value,
    }

    private bool Streams => _types == ArgumentTypes.Text;

    public override CallProgress Read()
    {
        while (true)
        {
            var progress = _state switch
            {
                State.Open => TakeOpener(),
                State.Section => ReadSection(),
                State.Name => ReadName(),
                State.Arguments => ReadArgument(),
                State.Key => ReadKey(),
                State.ValueOpen => ReadValueOpen(),
                State.ValueStart => StartValue(),
                _ => ReadValue(),
            };
            if (progress is { } known)
            {
                return known;
            }
        }
    }

    // What was not consumed is half a tag.
    public override bool Cut()
    {
        if (_state == State.Value && !Streams)
        {
            Argument(_value.ToString());
        }

        return true;
    }

    private CallProgress? Go(State next)
    {
        _state = next;
        return null;
    }

    private CallProgress? TakeOpener()
    {
        Cursor.Take(opener?.Length ?? 0);
        return Go(opener is not null && opener == syntax.SectionOpen ? State.Section : State.Name);
    }

    // Between calls: another one, or the end of them all.
    private CallProgress? ReadSection()
    {
        if (!Cursor.SkipSpace())
        {
            return Cursor.Ended && HasCalls ? CallProgress.Done : CallProgress.NeedsMore;
        }

        var open = Cursor.TakeMarker(syntax.Open);
        if (open == MarkerMatch.Found)
        {
            return Go(State.Name);
        }

        var close = HasCalls ? TakeSectionClose() : MarkerMatch.Absent;
        if (close == MarkerMatch.Found)
        {
            return CallProgress.Done;
        }

        return open == MarkerMatch.Open || close == MarkerMatch.Open ? CallProgress.NeedsMore : HasCalls ? CallProgress.Done : CallProgress.Rejected;
    }

    private CallProgress? ReadName()
    {
        if (!Cursor.SkipSpace())
        {
            return CallProgress.NeedsMore;
        }

        var rest = Cursor.Rest;
        var length = 0;
        while (length < rest.Length && CallNames.IsPart(rest[length]))
        {
            length++;
        }

        var name = rest[..length].ToString();
        if (length == rest.Length)
        {
            return CallNames.IsPossible(name) ? CallProgress.NeedsMore : CallProgress.Rejected;
        }

        var isEnd = rest[length..].StartsWith(syntax.NameEnd, StringComparison.Ordinal);
        if (!isEnd && syntax.NameEnd.AsSpan().StartsWith(rest[length..], StringComparison.Ordinal))
        {
            return CallProgress.NeedsMore;
        }

        // Without its section the tag is ordinary text unless it names a tool.
        var isPlain = syntax.SectionOpen is not null && opener == syntax.Open;
        if (!isEnd || !CallNames.IsPossible(name) || (isPlain && !Tools.Knows(name)))
        {
            return CallProgress.Rejected;
        }

        Cursor.Take(length + syntax.NameEnd.Length);
        _name = name;
        _numArguments = -1;
        return Go(State.Arguments);
    }

    // Between arguments: another one, or the end of the call. The call starts here, when its name is followed by one of them.
    private CallProgress? ReadArgument()
    {
        if (!Cursor.SkipSpace())
        {
            return CallProgress.NeedsMore;
        }

        var key = Cursor.TakeMarker(syntax.KeyOpen);
        var close = key == MarkerMatch.Found ? MarkerMatch.Absent : Cursor.TakeMarker(syntax.Close);
        var section = key == MarkerMatch.Found || close == MarkerMatch.Found || syntax.SectionClose is null
            ? MarkerMatch.Absent
            : Cursor.Match(syntax.SectionClose);
        if (key != MarkerMatch.Found && close != MarkerMatch.Found && section != MarkerMatch.Found)
        {
            return key == MarkerMatch.Open || close == MarkerMatch.Open || section == MarkerMatch.Open ? CallProgress.NeedsMore : CallProgress.Rejected;
        }

        if (_numArguments < 0)
        {
            StartCall(_name);
            _output.Append('{');
            _numArguments = 0;
        }

        if (key == MarkerMatch.Found)
        {
            WriteOutput();
            return Go(State.Key);
        }

        _output.Append('}');
        WriteOutput();
        EndCall();
        return syntax.SectionOpen is null ? CallProgress.Done : Go(State.Section);
    }

    private CallProgress? ReadKey()
    {
        var rest = Cursor.Rest;
        var (length, marker) = _keyEnds.Find(rest[..Math.Min(rest.Length, MaxKeyLength)], Cursor.Ended);
        var line = rest[..length].IndexOf('\n');
        if (line >= 0 || (marker is null && rest.Length >= MaxKeyLength))
        {
            return CallProgress.Rejected;
        }

        if (marker is null)
        {
            return CallProgress.NeedsMore;
        }

        _key = rest[..length].ToString();
        Cursor.Take(length + marker.Length);
        _types = marker == syntax.TextKeyEnd
            ? ArgumentTypes.Text
            : syntax.TextKeyEnd is not null ? ~ArgumentTypes.Text : Tools.TypesOf(_name, _key);
        return Go(syntax.ValueOpen is null ? State.ValueStart : State.ValueOpen);
    }

    private CallProgress? ReadValueOpen()
    {
        if (!Cursor.SkipSpace())
        {
            return CallProgress.NeedsMore;
        }

        return Cursor.TakeMarker(syntax.ValueOpen!) switch
        {
            MarkerMatch.Found => Go(State.ValueStart),
            MarkerMatch.Open => CallProgress.NeedsMore,
            _ => CallProgress.Rejected,
        };
    }

    private CallProgress? StartValue()
    {
        if (Cursor.IsEmpty)
        {
            return CallProgress.NeedsMore;
        }

        // A value that is empty on its own line has only one line break, which then belongs to the end.
        if (syntax.IsOnOwnLines && Cursor.Current == '\n')
        {
            var end = Cursor.Match("\n" + syntax.ValueClose);
            if (end == MarkerMatch.Open)
            {
                return CallProgress.NeedsMore;
            }

            Cursor.Take(end == MarkerMatch.Found ? 0 : 1);
        }

        if (_numArguments++ > 0)
        {
            _output.Append(", ");
        }

        ArgumentText.AppendString(_output, _key);
        _output.Append(": ");
        if (Streams)
        {
            _output.Append('"');
        }

        WriteOutput();
        _value.Clear();
        return Go(State.Value);
    }

    private CallProgress? ReadValue()
    {
        var rest = Cursor.Rest;
        var (length, marker) = _valueEnds.Find(rest, Cursor.Ended);
        if (Streams)
        {
            JsonEscapes.Append(_output, rest[..length]);
        }
        else
        {
            _value.Append(rest[..length]);
        }

        Cursor.Take(length + (marker?.Length ?? 0));
        if (marker is null)
        {
            WriteOutput();
            return CallProgress.NeedsMore;
        }

        if (Streams)
        {
            _output.Append('"');
        }
        else
        {
            ArgumentText.AppendJson(_output, _value.ToString(), _types);
        }

        WriteOutput();
        return Go(State.Arguments);
    }

    private MarkerMatch TakeSectionClose() => syntax.SectionClose is null ? MarkerMatch.Absent : Cursor.TakeClosing(syntax.SectionClose);

    private void WriteOutput()
    {
        Argument(_output.ToString());
        _output.Clear();
    }
}
