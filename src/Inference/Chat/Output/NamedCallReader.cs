namespace InferenceServer.Inference.Chat.Output;

/// <summary>Reads <see cref="NamedCalls"/>.</summary>
internal sealed class NamedCallReader(CallScene scene, NamedCalls syntax, string? opener) : CallReader(scene)
{
    // Longer than any name and id together.
    private const int MaxHeadLength = 256;

    private const string Fence = "```";

    private LiteralReader _literal = new(LiteralNotation.JsonOrPython);
    private State _state;
    private bool _isFenced;
    private string _head = "";
    private string _name = "";
    private string? _id;

    private enum State
    {
        Open,
        Section,
        Head,
        FencedName,
        ArgumentsStart,
        Arguments,
        Close,
    }

    public override CallProgress Read()
    {
        while (true)
        {
            var progress = _state switch
            {
                State.Open => TakeOpener(),
                State.Section => ReadSection(),
                State.Head => ReadHead(),
                State.FencedName => ReadFencedName(),
                State.ArgumentsStart => StartArguments(),
                State.Arguments => ReadArguments(),
                _ => ReadClose(),
            };
            if (progress is { } known)
            {
                return known;
            }
        }
    }

    public override bool Cut()
    {
        CutArguments(_literal);
        return true;
    }

    private CallProgress? TakeOpener()
    {
        Cursor.Take(opener?.Length ?? 0);
        return Go(opener is not null && opener == syntax.SectionOpen ? State.Section : State.Head);
    }

    private CallProgress? Go(State next)
    {
        _state = next;
        return null;
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
            return Go(State.Head);
        }

        var close = syntax.SectionClose is null || !HasCalls ? MarkerMatch.Absent : Cursor.TakeClosing(syntax.SectionClose);
        if (close == MarkerMatch.Found)
        {
            return CallProgress.Done;
        }

        return open == MarkerMatch.Open || close == MarkerMatch.Open ? CallProgress.NeedsMore : HasCalls ? CallProgress.Done : CallProgress.Rejected;
    }

    private CallProgress? ReadHead()
    {
        var rest = Cursor.Rest;
        var head = rest[..Math.Min(rest.Length, MaxHeadLength)];
        var length = head.IndexOf(syntax.ArgumentsOpen, StringComparison.Ordinal);
        var foreign = head.IndexOfAny('{', '}', syntax.ArgumentsOpen == "\n" ? '}' : '\n');
        if (foreign >= 0 && (length < 0 || foreign < length))
        {
            return CallProgress.Rejected;
        }

        if (length < 0)
        {
            return head.Length == MaxHeadLength ? CallProgress.Rejected : CallProgress.NeedsMore;
        }

        _head = rest[..length].ToString();
        Cursor.Take(length + syntax.ArgumentsOpen.Length);
        if (syntax.TextHead is not null && _head == syntax.TextHead)
        {
            return CallProgress.Done;
        }

        return syntax.Head == CallHead.NameOrType ? Go(State.FencedName) : Start(_head);
    }

    // Behind the marker: the arguments, or the name that a type stood for and a fence.
    private CallProgress? ReadFencedName()
    {
        if (!Cursor.SkipSpace())
        {
            return CallProgress.NeedsMore;
        }

        if (Cursor.Current == '{')
        {
            return Start(_head);
        }

        var rest = Cursor.Rest[..Math.Min(Cursor.Rest.Length, MaxHeadLength)];
        var brace = rest.IndexOf('{');
        if (brace < 0)
        {
            return rest.Length == MaxHeadLength ? CallProgress.Rejected : CallProgress.NeedsMore;
        }

        var end = rest[..brace].IndexOf('\n');
        if (end < 0)
        {
            return CallProgress.Rejected;
        }

        var language = rest[end..brace].Trim();
        if (language.StartsWith(Fence, StringComparison.Ordinal) && language[Fence.Length..] is "" or "json")
        {
            _isFenced = true;
        }
        else if (!language.IsEmpty)
        {
            return CallProgress.Rejected;
        }

        var name = rest[..end].ToString();
        Cursor.Take(brace);
        return Start(name);
    }

    private CallProgress? Start(string head)
    {
        var (name, id) = Parse(head.Trim());
        if (!CallNames.IsPossible(name) || Tools.IsEmpty || (syntax.RequiresKnownName && !Tools.Knows(name)))
        {
            return CallProgress.Rejected;
        }

        (_name, _id) = (name, id);
        _literal = new LiteralReader(LiteralNotation.JsonOrPython);
        return Go(State.ArgumentsStart);
    }

    private (string Name, string? Id) Parse(string head)
    {
        if (syntax.Head == CallHead.NumberedName)
        {
            const string Prefix = "functions.";
            var name = head.StartsWith(Prefix, StringComparison.Ordinal) ? head[Prefix.Length..] : head;
            var colon = name.LastIndexOf(':');
            return colon >= 0 && name.AsSpan(colon + 1).IndexOfAnyExceptInRange('0', '9') < 0 ? (name[..colon], head) : (name, null);
        }

        var separator = syntax.HeadSeparator is null ? -1 : head.IndexOf(syntax.HeadSeparator, StringComparison.Ordinal);
        if (separator < 0)
        {
            return (head, null);
        }

        var (first, second) = (head[..separator].Trim(), head[(separator + syntax.HeadSeparator!.Length)..].Trim());
        return syntax.Head == CallHead.IdThenName ? (second, first) : (first, second);
    }

    private CallProgress? StartArguments()
    {
        if (!Cursor.SkipSpace())
        {
            return CallProgress.NeedsMore;
        }

        if (Cursor.Current == '{')
        {
            StartCall(_name, _id);
            return Go(State.Arguments);
        }

        // A function without arguments is called with nothing at all.
        var close = syntax.Close is null ? MarkerMatch.Absent : Cursor.Match(syntax.Close);
        if (close != MarkerMatch.Found)
        {
            return close == MarkerMatch.Open ? CallProgress.NeedsMore : CallProgress.Rejected;
        }

        StartCall(_name, _id);
        Argument("{}");
        EndCall();
        return Go(State.Close);
    }

    private CallProgress? ReadArguments()
    {
        switch (ReadArguments(_literal))
        {
            case ReadStatus.NeedsMore:
                return CallProgress.NeedsMore;
            case ReadStatus.Broken:
                return CallProgress.Rejected;
            default:
                EndCall();
                return Go(State.Close);
        }
    }

    private CallProgress? ReadClose()
    {
        if (syntax.Close is null)
        {
            return CallProgress.Done;
        }

        if (!Cursor.SkipSpace())
        {
            return Cursor.Ended ? CallProgress.Done : CallProgress.NeedsMore;
        }

        if (_isFenced)
        {
            if (Cursor.TakeClosing(Fence) == MarkerMatch.Open)
            {
                return CallProgress.NeedsMore;
            }

            _isFenced = false;
            return null;
        }

        if (Cursor.TakeClosing(syntax.Close) == MarkerMatch.Open)
        {
            return CallProgress.NeedsMore;
        }

        return syntax.SectionOpen is null ? CallProgress.Done : Go(State.Section);
    }
}
