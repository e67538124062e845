namespace InferenceServer.Inference.Chat.Output;

/// <summary>One piece of a reply, in the order in which the model wrote it.</summary>
public readonly record struct ChatOutputEvent
{
    /// <summary>Which of the fields below mean something.</summary>
    public required ChatOutputKind Kind { get; init; }

    /// <summary>
    /// Content, Reasoning, CallArguments: text to append, never empty. CallBroken: what the model wrote of the call, from its first
    /// marker up to what follows as content. Otherwise empty.
    /// </summary>
    public string Text { get; init; }

    /// <summary>Calls: which call, from 0, in the order in which they started.</summary>
    public int CallIndex { get; init; }

    /// <summary>CallStarted: the id that the format supplied, else a new one in the form that the format's template takes.</summary>
    public string? CallId { get; init; }

    /// <summary>CallStarted: name of the function. Not necessarily that of a tool of the request.</summary>
    public string? CallName { get; init; }

    /// <summary>
    /// The characters of the output that it stands for, counted from the output's first: from <see cref="Start"/> up to
    /// <see cref="End"/>. Markers and the space around them belong to no text, and those before a call to its CallStarted.
    /// </summary>
    public long Start { get; init; }

    /// <inheritdoc cref="Start"/>
    public long End { get; init; }
}

/// <summary>The kinds of <see cref="ChatOutputEvent"/>.</summary>
public enum ChatOutputKind
{
    /// <summary>Text of the answer.</summary>
    Content,

    /// <summary>Text of the thought before the answer.</summary>
    Reasoning,

    /// <summary>
    /// All content so far was a thought whose start the model never wrote. A reply that is sent as a whole moves it; a stream
    /// has sent it as content already and ignores this.
    /// </summary>
    ContentWasReasoning,

    /// <summary>A call began: id and name are known.</summary>
    CallStarted,

    /// <summary>More of a call's arguments. Joined, they are JSON once the call has ended.</summary>
    CallArguments,

    /// <summary>The call is whole.</summary>
    CallEnded,

    /// <summary>
    /// The call cannot be continued as its format demands; what follows comes as content. A reply that is sent as a whole takes the
    /// call back and shows its text as content; a stream can only leave its arguments unfinished.
    /// </summary>
    CallBroken,

    /// <summary>The output ended within the call (length limit): its arguments are as far as they got.</summary>
    CallCut,
}
