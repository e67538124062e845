using System.Text;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>
/// Turns what the readers find into events: joins text of one kind, numbers the calls, and holds white space back until it is
/// known that no marker follows it (the space around markers belongs to them). One thread at a time.
/// </summary>
/// <param name="idForm">Form of the ids that are made up.</param>
/// <param name="random">Makes them.</param>
/// <param name="cursor">Where in the output the writing stands.</param>
internal sealed class ReplyWriter(CallIdForm idForm, Random random, OutputCursor cursor)
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private readonly StringBuilder _delta = new();
    private readonly StringBuilder _space = new();
    private ICollection<ChatOutputEvent> _target = [];
    private ChatOutputKind _deltaKind;
    private long _deltaStart;
    private long _deltaEnd;
    private long _lastEnd;
    private bool _trimsStart;
    private string _spaceBeforeCall = "";

    /// <summary>Calls started so far.</summary>
    public int NumCalls { get; private set; }

    /// <summary>True: a call has started and not ended.</summary>
    public bool IsInCall { get; private set; }

    /// <summary>True: content other than white space was written.</summary>
    public bool HasContent { get; private set; }

    /// <summary>
    /// False: no marker parts content from what follows it, so that the space behind it leaves with it: held back, it would be a pause of some tokens in the stream. Space before any
    /// content is held in any case, and so is that of a thought, whose end is a marker.
    /// </summary>
    public bool HoldsSpace { get; set; } = true;

    /// <summary>Where events go until <see cref="Flush"/>.</summary>
    public void WriteTo(ICollection<ChatOutputEvent> target) => _target = target;

    /// <summary>Gives what was joined so far.</summary>
    public void Flush()
    {
        if (_delta.Length > 0)
        {
            Add(new ChatOutputEvent { Kind = _deltaKind, Text = _delta.ToString(), CallIndex = CurrentCall, Start = _deltaStart, End = _deltaEnd });
            _delta.Clear();
        }
    }

    /// <summary>Content that comes next in the output.</summary>
    public void Content(ReadOnlySpan<char> text) => Content(text, cursor.NumTaken);

    /// <summary>Content that was consumed as something else.</summary>
    /// <param name="text">The content.</param>
    /// <param name="at">Where in the output it begins.</param>
    public void Content(ReadOnlySpan<char> text, long at)
    {
        HasContent |= !text.IsWhiteSpace();
        Text(ChatOutputKind.Content, text, at);
    }

    /// <summary>A thought that comes next in the output.</summary>
    public void Reasoning(ReadOnlySpan<char> text) => Text(ChatOutputKind.Reasoning, text, cursor.NumTaken);

    /// <summary>A marker parts what was written from what follows: the space around it is dropped.</summary>
    public void Part()
    {
        _space.Clear();
        _trimsStart = true;
    }

    /// <summary>The end: space at the end of an answer belongs to it, unless a marker came before or the answer is a call.</summary>
    public void EndContent()
    {
        if (NumCalls == 0 && !_trimsStart)
        {
            Append(ChatOutputKind.Content, _space.ToString(), cursor.NumTaken - _space.Length);
        }

        _space.Clear();
    }

    public void MoveContentToReasoning()
    {
        Flush();
        Mark(ChatOutputKind.ContentWasReasoning);
        Part();
    }

    /// <param name="name">Name of the function.</param>
    /// <param name="id">The id that the model wrote; null makes one.</param>
    public void StartCall(string name, string? id)
    {
        _spaceBeforeCall = _space.ToString();
        Part();
        Flush();
        IsInCall = true;
        Add(new ChatOutputEvent
        {
            Kind = ChatOutputKind.CallStarted,
            Text = "",
            CallIndex = NumCalls++,
            CallId = string.IsNullOrEmpty(id) ? NewId() : id,
            CallName = name,
            Start = _lastEnd,
            End = cursor.NumTaken,
        });
    }

    public void Arguments(StringBuilder text)
    {
        foreach (var chunk in text.GetChunks())
        {
            Arguments(chunk.Span);
        }

        text.Clear();
    }

    public void Arguments(ReadOnlySpan<char> text)
    {
        Append(ChatOutputKind.CallArguments, text, _lastEnd);
        _deltaEnd = text.IsEmpty ? _deltaEnd : cursor.NumTaken;
    }

    /// <summary>Ends a call that is whole, or cut off.</summary>
    public void EndCall(ChatOutputKind kind)
    {
        Flush();
        Mark(kind);
        IsInCall = false;
    }

    /// <summary>Ends a call that broke.</summary>
    /// <param name="text">What the model wrote of it.</param>
    /// <param name="end">Where in the output that ends.</param>
    public void BreakCall(string text, long end)
    {
        Flush();
        Add(new ChatOutputEvent { Kind = ChatOutputKind.CallBroken, Text = _spaceBeforeCall + text, CallIndex = CurrentCall, Start = _lastEnd, End = end });
        IsInCall = false;
        _trimsStart = false;
    }

    private int CurrentCall => Math.Max(0, NumCalls - 1);

    private void Text(ChatOutputKind kind, ReadOnlySpan<char> text, long at)
    {
        if (_trimsStart)
        {
            at += text.Length;
            text = text.TrimStart();
            at -= text.Length;
            if (text.IsEmpty)
            {
                return;
            }

            _trimsStart = false;
        }

        var body = HoldsSpace || !HasContent || kind == ChatOutputKind.Reasoning ? text.TrimEnd() : text;
        if (body.Length > 0)
        {
            Append(kind, _space.ToString(), at - _space.Length);
            _space.Clear();
            Append(kind, body, at);
        }

        _space.Append(text[body.Length..]);
    }

    private void Append(ChatOutputKind kind, ReadOnlySpan<char> text, long at)
    {
        if (text.IsEmpty)
        {
            return;
        }

        if (_deltaKind != kind)
        {
            Flush();
            _deltaKind = kind;
        }

        if (_delta.Length == 0)
        {
            _deltaStart = at;
        }

        _delta.Append(text);
        _deltaEnd = at + text.Length;
    }

    private void Mark(ChatOutputKind kind) =>
        Add(new ChatOutputEvent { Kind = kind, Text = "", CallIndex = CurrentCall, Start = _lastEnd, End = _lastEnd });

    private void Add(ChatOutputEvent item)
    {
        _lastEnd = item.End;
        _target.Add(item);
    }

    private string NewId() =>
        idForm == CallIdForm.NineCharacters ? random.GetString(Alphabet, 9) : "call_" + random.GetString(Alphabet, 24);
}
