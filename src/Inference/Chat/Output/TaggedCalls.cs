using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>Calls whose arguments stand one by one between tags, as plain text: their types come from the tool's schema.</summary>
/// <param name="Open">Before the name.</param>
/// <param name="NameEnd">After the name; empty if any character that is no part of a name ends it.</param>
/// <param name="KeyOpen">Before an argument's name.</param>
/// <param name="KeyEnd">After an argument's name.</param>
/// <param name="ValueClose">After the value.</param>
/// <param name="Close">After the last argument.</param>
internal sealed record TaggedCalls(string Open, string NameEnd, string KeyOpen, string KeyEnd, string ValueClose, string Close) : CallSyntax
{
    /// <summary>Around one or all calls of an answer; null if there is none. A model may leave it out.</summary>
    public string? SectionOpen { get; init; }

    /// <summary>Closes what <see cref="SectionOpen"/> opened.</summary>
    public string? SectionClose { get; init; }

    /// <summary>Between the argument's name and its value; null if there is none.</summary>
    public string? ValueOpen { get; init; }

    /// <summary>In place of <see cref="KeyEnd"/> if the value is text, whatever the schema says; null if the format does not say so.</summary>
    public string? TextKeyEnd { get; init; }

    /// <summary>True: a value stands on lines of its own, so that one line break on either side does not belong to it.</summary>
    public bool IsOnOwnLines { get; init; }

    /// <summary>True: the model writes a section around each call, not one around all.</summary>
    public bool IsSectionEach { get; init; }

    /// <summary>What the model writes between tags.</summary>
    public string LineBreak { get; init; } = "\n";

    /// <summary>After an argument's name, all forms.</summary>
    public MarkerSet KeyEnds => new(Given(KeyEnd, TextKeyEnd));

    /// <summary>After a value, with the line break that does not belong to it.</summary>
    public MarkerSet ValueEnds => new(IsOnOwnLines ? ["\n" + ValueClose, ValueClose] : [ValueClose]);

    public override ImmutableArray<string> Openers => Given(SectionOpen, Open);

    public override ImmutableArray<string> Markers =>
        Given(SectionOpen, Open, NameEnd, KeyOpen, KeyEnd, TextKeyEnd, ValueOpen, ValueClose, Close, SectionClose);

    public override CallSyntax Adapt(string template) => this with { LineBreak = ValueOpen is not null && IsFollowedDirectly(template, KeyEnd) ? "" : LineBreak };

    public override CallReader Reader(CallScene scene, string? opener) => new TaggedCallReader(scene, this, opener);
}
