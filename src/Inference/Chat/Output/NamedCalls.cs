using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>Calls as a name and then the JSON of the arguments, each behind a marker of its own.</summary>
/// <param name="Open">Before the head, which holds the name.</param>
/// <param name="ArgumentsOpen">Between head and arguments.</param>
/// <param name="Close">After the arguments; null if there is none. A model may leave it out.</param>
internal sealed record NamedCalls(string Open, string ArgumentsOpen, string? Close) : CallSyntax
{
    /// <summary>Around all calls of an answer; null if there is none.</summary>
    public string? SectionOpen { get; init; }

    /// <summary>Closes what <see cref="SectionOpen"/> opened.</summary>
    public string? SectionClose { get; init; }

    /// <summary>Parts the head in two; null if it holds the name only.</summary>
    public string? HeadSeparator { get; init; }

    /// <summary>What the head is.</summary>
    public CallHead Head { get; init; }

    /// <summary>True: only the name of a tool of the request makes it a call, since the markers are ordinary text.</summary>
    public bool RequiresKnownName { get; init; }

    /// <summary>A head that stands for text instead of a call; null if there is none.</summary>
    public string? TextHead { get; init; }

    /// <summary>True: the model writes a type, and the arguments in a fence.</summary>
    public bool IsFenced { get; init; }

    public override ImmutableArray<string> Openers => Given(SectionOpen, Open);

    public override ImmutableArray<string> Markers => Given(SectionOpen, Open, HeadSeparator, ArgumentsOpen, Close, SectionClose);

    public override bool PartsMessages => TextHead is not null;

    public override CallSyntax Adapt(string template) => this with { IsFenced = Head == CallHead.NameOrType && template.Contains("```json", StringComparison.Ordinal) };

    public override CallReader Reader(CallScene scene, string? opener) => new NamedCallReader(scene, this, opener);
}

/// <summary>What stands between the opening marker of a call and its arguments.</summary>
internal enum CallHead
{
    /// <summary>The name; an id may follow behind the separator.</summary>
    Name,

    /// <summary>An id, the separator, the name.</summary>
    IdThenName,

    /// <summary><c>functions.NAME:NUMBER</c>, which is the id as a whole (Kimi).</summary>
    NumberedName,

    /// <summary>
    /// The name; or a type, the arguments' marker, the name, and the arguments in a fence (DeepSeek's two ways under the same markers).
    /// </summary>
    NameOrType,
}
