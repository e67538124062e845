using System.Text;
using System.Text.Json;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>Reads <see cref="JsonCalls"/>. Members may come in any order; arguments stream once the name is known.</summary>
internal sealed class JsonCallReader(CallScene scene, JsonCalls syntax, string? opener) : CallReader(scene)
{
    private readonly StringBuilder _text = new();
    private State _state;
    private LiteralReader _literal = new(LiteralNotation.JsonOrPython);
    private Member _member;
    private bool _isKeyHeld;
    private bool _isList;
    private bool _isStarted;
    private bool _hasArguments;
    private string? _name;
    private string? _id;
    private string? _heldArguments;

    private enum State
    {
        Open,
        First,
        Item,
        Key,
        Colon,
        Value,
        HeldValue,
        Arguments,
        AfterMember,
        AfterObject,
        Separator,
        Close,
    }

    private enum Member
    {
        Name,
        Arguments,
        Id,
        Other,
    }

    private bool IsBare => opener is null;

    public override CallProgress Read()
    {
        while (true)
        {
            var progress = Step();
            if (progress is { } known)
            {
                return known;
            }
        }
    }

    public override bool Cut()
    {
        if (_state == State.Arguments)
        {
            CutArguments(_literal);
        }

        return _state == State.Arguments;
    }

    // Null: go on.
    private CallProgress? Step()
    {
        switch (_state)
        {
            case State.Open:
                Cursor.Take(opener?.Length ?? 0);
                _state = State.First;
                return null;
            case State.Arguments:
                return Finish(ReadArguments(_literal), State.AfterMember);
            case State.HeldValue:
                var status = _literal.Read(Cursor, _text);
                return status == ReadStatus.Done ? TakeValue() : Finish(status, State.AfterMember);
            case State.AfterObject or State.Close when syntax.Close is null && !IsBare:
                return CallProgress.Done;
        }

        if (!Cursor.SkipSpace())
        {
            return Cursor.Ended && _state is State.AfterObject or State.Close ? CallProgress.Done : CallProgress.NeedsMore;
        }

        var c = Cursor.Current;
        return _state switch
        {
            State.First when c == '[' && !IsBare => BeginList(),
            State.First or State.Item or State.AfterObject or State.Separator when c == '{' => BeginObject(),
            State.Item when c == ']' => Take(State.Close),
            State.Item when c == ',' && HasCalls => Take(State.Item),
            State.Key when c == '}' => EndObject(),
            State.Key when c is '"' or '\'' => ReadHeld(),
            State.Colon when c == ':' => Take(State.Value),
            State.Value => BeginValue(c),
            State.AfterMember when c == ',' => Take(State.Key),
            State.AfterMember when c == '}' => EndObject(),
            State.AfterMember => EndUnclosed(),
            State.AfterObject when IsBare && c is ';' or ',' => Take(State.Separator),
            State.AfterObject or State.Close => TakeClose(),
            State.Item when HasCalls && syntax.Close is not null && Cursor.Match(syntax.Close) != MarkerMatch.Absent => TakeClose(),
            _ => CallProgress.Rejected,
        };
    }

    private CallProgress? Take(State next)
    {
        Cursor.Take(1);
        _state = next;
        return null;
    }

    private CallProgress? Finish(ReadStatus status, State next)
    {
        _state = status == ReadStatus.Done ? next : _state;
        return status switch
        {
            ReadStatus.Done => null,
            ReadStatus.NeedsMore => CallProgress.NeedsMore,
            _ => CallProgress.Rejected,
        };
    }

    private CallProgress? BeginList()
    {
        _isList = true;
        return Take(State.Item);
    }

    private CallProgress? BeginObject()
    {
        _isStarted = _hasArguments = false;
        _name = _id = _heldArguments = null;
        return Take(State.Key);
    }

    private CallProgress? ReadHeld()
    {
        _text.Clear();
        _literal = new LiteralReader(LiteralNotation.JsonOrPython);
        _isKeyHeld = _state == State.Key;
        _state = State.HeldValue;
        return null;
    }

    private CallProgress? TakeValue()
    {
        var json = _text.ToString();
        if (_isKeyHeld)
        {
            return TakeKey(JsonEscapes.Decode(json));
        }

        _state = State.AfterMember;
        switch (_member)
        {
            case Member.Name:
                return json[0] == '"' ? TakeName(JsonEscapes.Decode(json)) : CallProgress.Rejected;
            case Member.Arguments:
                return TakeArguments(json);
            case Member.Id:
                _id = json[0] == '"' ? JsonEscapes.Decode(json) : JsonNumber.IsValid(json) ? json : null;
                return null;
            default:
                return null;
        }
    }

    private CallProgress? TakeKey(string key)
    {
        _state = State.Colon;
        if (syntax.IsNameKey && _name is null)
        {
            _member = Member.Arguments;
            return TakeName(key);
        }

        _member = key switch
        {
            "name" or "tool_name" or "function" => Member.Name,
            "arguments" or "parameters" => Member.Arguments,
            "id" or "tool_call_id" => Member.Id,
            _ => Member.Other,
        };

        // What is no member of a call tells that this is none, as long as nothing was said: an answer in JSON, or a misspelt call.
        return _member == Member.Other && key is not ("type" or "index") && !_isStarted ? CallProgress.Rejected : null;
    }

    private CallProgress? TakeName(string name)
    {
        if (!CallNames.IsPossible(name) || (IsBare && !Tools.Knows(name)))
        {
            return CallProgress.Rejected;
        }

        _name ??= name;
        if (_heldArguments is not null)
        {
            Start();
            Argument(_heldArguments);
        }

        return null;
    }

    private CallProgress? BeginValue(char first)
    {
        var streams = _member == Member.Arguments && first == '{' && _name is not null && !_hasArguments;
        ReadHeld();
        _isKeyHeld = false;
        if (streams)
        {
            Start();
            _hasArguments = true;
            _state = State.Arguments;
        }

        return null;
    }

    // Some models write the object as a text that holds its JSON, and null for no arguments.
    private CallProgress? TakeArguments(string json)
    {
        var arguments = json switch
        {
            ['{', ..] => json,
            ['"', ..] => JsonEscapes.Decode(json).Trim(),
            "null" => "",
            _ => null,
        };
        arguments = arguments is "" ? "{}" : arguments;
        if (arguments is null || _hasArguments || !IsObject(arguments))
        {
            return CallProgress.Rejected;
        }

        _hasArguments = true;
        if (_name is null)
        {
            _heldArguments = arguments;
            return null;
        }

        Start();
        Argument(arguments);
        return null;
    }

    private void Start()
    {
        StartCall(_name!, _id);
        _isStarted = true;
    }

    private CallProgress? EndObject()
    {
        if (!_isStarted)
        {
            if (_name is null || IsBare)
            {
                return CallProgress.Rejected;
            }

            Start();
            Argument("{}");
        }

        Cursor.Take(1);
        return End();
    }

    // Small models forget the object's last brace: a call whose arguments are whole is one, if its closing marker follows.
    private CallProgress? EndUnclosed()
    {
        if (!_isStarted || syntax.Close is null)
        {
            return CallProgress.Rejected;
        }

        return Cursor.Match(syntax.Close) switch
        {
            MarkerMatch.Found => End(),
            MarkerMatch.Open => CallProgress.NeedsMore,
            _ => CallProgress.Rejected,
        };
    }

    private CallProgress? End()
    {
        EndCall();
        _state = _isList ? State.Item : State.AfterObject;
        return null;
    }

    private CallProgress TakeClose() =>
        syntax.Close is not null && Cursor.TakeClosing(syntax.Close) == MarkerMatch.Open ? CallProgress.NeedsMore : CallProgress.Done;

    private static bool IsObject(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 256 });
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
