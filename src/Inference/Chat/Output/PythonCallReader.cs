using System.Text;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>Reads <see cref="PythonCalls"/>. Values stream; a call starts when its first keyword is sure.</summary>
internal sealed class PythonCallReader(CallScene scene, PythonCalls syntax) : CallReader(scene)
{
    private readonly StringBuilder _word = new();
    private LiteralReader _literal = new(LiteralNotation.JsonOrPython);
    private State _state;
    private string? _name;
    private bool _isList;
    private bool _isStarted;

    private enum State
    {
        Open,
        First,
        Name,
        Parenthesis,
        KeyOrEnd,
        Key,
        Equals,
        Value,
        AfterValue,
        AfterCall,
        Close,
    }

    public override CallProgress Read()
    {
        while (true)
        {
            if (Step() is { } known)
            {
                return known;
            }
        }
    }

    public override bool Cut()
    {
        if (_state == State.Value)
        {
            CutArguments(_literal);
        }

        return true;
    }

    // Null: go on.
    private CallProgress? Step()
    {
        switch (_state)
        {
            case State.Open:
                Cursor.Take(syntax.Open.Length);
                return Go(State.First);
            case State.Name or State.Key:
                return ReadWord();
            case State.Value:
                var status = ReadArguments(_literal);
                return status == ReadStatus.Done ? Go(State.AfterValue) : status == ReadStatus.NeedsMore ? CallProgress.NeedsMore : CallProgress.Rejected;
            case State.Close when syntax.Close is null:
                return CallProgress.Done;
        }

        if (!Cursor.SkipSpace())
        {
            return Cursor.Ended && _state is State.Close ? CallProgress.Done : CallProgress.NeedsMore;
        }

        var c = Cursor.Current;
        switch (_state)
        {
            case State.First when c == '[' && !_isList:
                _isList = true;
                return Take(State.First);
            case State.First when IsNamePart(c):
                return Begin(State.Name);
            case State.Parenthesis when c == '(':
                return Take(State.KeyOrEnd);
            case State.KeyOrEnd or State.AfterValue when c == ')':
                return End();
            case State.KeyOrEnd when IsNamePart(c):
                return Begin(State.Key);
            case State.Equals when c == '=':
                return BeginValue();
            case State.AfterValue when c == ',':
                return Take(State.KeyOrEnd);
            case State.AfterCall when c == ',':
                return Take(State.First);
            case State.AfterCall when c == ']' && _isList:
                return Take(State.Close);
            case State.AfterCall when !_isList:
                return Go(State.Close);
            case State.Close:
                return Cursor.TakeClosing(syntax.Close!) == MarkerMatch.Open ? CallProgress.NeedsMore : CallProgress.Done;
            default:
                return CallProgress.Rejected;
        }
    }

    private CallProgress? Go(State next)
    {
        _state = next;
        return null;
    }

    private CallProgress? Take(State next)
    {
        Cursor.Take(1);
        return Go(next);
    }

    private CallProgress? Begin(State next)
    {
        _word.Clear();
        return Go(next);
    }

    private CallProgress? ReadWord()
    {
        var rest = Cursor.Rest;
        var length = 0;
        while (length < rest.Length && IsNamePart(rest[length]))
        {
            length++;
        }

        _word.Append(rest[..length]);
        Cursor.Take(length);
        if (Cursor.IsEmpty)
        {
            return CallProgress.NeedsMore;
        }

        return _state == State.Key ? Go(State.Equals) : TakeName(_word.ToString());
    }

    private CallProgress? TakeName(string name)
    {
        _name = syntax.NameSuffix is not null && name.EndsWith(syntax.NameSuffix, StringComparison.Ordinal) ? name[..^syntax.NameSuffix.Length] : name;
        _isStarted = false;
        return CallNames.IsPossible(_name) && (!syntax.RequiresKnownName || Tools.Knows(_name)) ? Go(State.Parenthesis) : CallProgress.Rejected;
    }

    private CallProgress? BeginValue()
    {
        Cursor.Take(1);
        if (!_isStarted)
        {
            StartCall(_name!);
        }

        var separator = _isStarted ? ", " : "{";
        var key = new StringBuilder(separator);
        ArgumentText.AppendString(key, _word.ToString());
        Argument(key.Append(": ").ToString());
        _isStarted = true;
        _literal = new LiteralReader(LiteralNotation.JsonOrPython);
        return Go(State.Value);
    }

    private CallProgress? End()
    {
        Cursor.Take(1);
        if (!_isStarted)
        {
            StartCall(_name!);
        }

        Argument(_isStarted ? "}" : "{}");
        EndCall();
        return Go(_isList || syntax.Close is not null ? State.AfterCall : State.Close);
    }

    private static bool IsNamePart(char c) => char.IsLetterOrDigit(c) || c is '_' or '.' or '-';
}
