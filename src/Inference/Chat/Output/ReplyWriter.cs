using System.Text;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>
/// Turns what the readers find into events: joins text of one kind, numbers the calls, and holds white space back until it is
/// known that no marker follows it (the space around markers belongs to them). One thread at a time.
/// </summary>
internal sealed class ReplyWriter(CallIdForm idForm, Random random)
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private readonly StringBuilder _delta = new();
    private readonly StringBuilder _space = new();
    private ICollection<ChatOutputEvent> _target = [];
    private ChatOutputKind _deltaKind;
    private bool _trimsStart;
    private string _spaceBeforeCall = "";

    /// <summary>Calls started so far.</summary>
    public int NumCalls { get; private set; }

    /// <summary>True: a call has started and not ended.</summary>
    public bool IsInCall { get; private set; }

    /// <summary>True: content other than white space was written.</summary>
    public bool HasContent { get; private set; }

    /// <summary>Where events go until <see cref="Flush"/>.</summary>
    public void WriteTo(ICollection<ChatOutputEvent> target) => _target = target;

    /// <summary>Gives what was joined so far.</summary>
    public void Flush()
    {
        if (_delta.Length > 0)
        {
            Add(_deltaKind, _delta.ToString());
            _delta.Clear();
        }
    }

    public void Content(ReadOnlySpan<char> text)
    {
        HasContent |= !text.IsWhiteSpace();
        Text(ChatOutputKind.Content, text);
    }

    public void Reasoning(ReadOnlySpan<char> text) => Text(ChatOutputKind.Reasoning, text);

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
            Append(ChatOutputKind.Content, _space.ToString());
        }

        _space.Clear();
    }

    public void MoveContentToReasoning()
    {
        Flush();
        Add(ChatOutputKind.ContentWasReasoning, "");
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
        _target.Add(new ChatOutputEvent
        {
            Kind = ChatOutputKind.CallStarted,
            Text = "",
            CallIndex = NumCalls++,
            CallId = string.IsNullOrEmpty(id) ? NewId() : id,
            CallName = name,
        });
    }

    public void Arguments(StringBuilder text)
    {
        foreach (var chunk in text.GetChunks())
        {
            Append(ChatOutputKind.CallArguments, chunk.Span);
        }

        text.Clear();
    }

    public void Arguments(ReadOnlySpan<char> text) => Append(ChatOutputKind.CallArguments, text);

    /// <summary>Ends a call that is whole, or cut off.</summary>
    public void EndCall(ChatOutputKind kind)
    {
        Flush();
        Add(kind, "");
        IsInCall = false;
    }

    /// <summary>Ends a call that broke.</summary>
    /// <param name="text">What the model wrote of it.</param>
    public void BreakCall(string text)
    {
        Flush();
        Add(ChatOutputKind.CallBroken, _spaceBeforeCall + text);
        IsInCall = false;
        _trimsStart = false;
    }

    private void Text(ChatOutputKind kind, ReadOnlySpan<char> text)
    {
        if (_trimsStart)
        {
            text = text.TrimStart();
            if (text.IsEmpty)
            {
                return;
            }

            _trimsStart = false;
        }

        var body = text.TrimEnd();
        if (body.Length > 0)
        {
            Append(kind, _space.ToString());
            _space.Clear();
            Append(kind, body);
        }

        _space.Append(text[body.Length..]);
    }

    private void Append(ChatOutputKind kind, ReadOnlySpan<char> text)
    {
        if (_deltaKind != kind)
        {
            Flush();
            _deltaKind = kind;
        }

        _delta.Append(text);
    }

    private void Add(ChatOutputKind kind, string text) =>
        _target.Add(new ChatOutputEvent { Kind = kind, Text = text, CallIndex = Math.Max(0, NumCalls - 1) });

    private string NewId() =>
        idForm == CallIdForm.NineCharacters ? random.GetString(Alphabet, 9) : "call_" + random.GetString(Alphabet, 24);
}
