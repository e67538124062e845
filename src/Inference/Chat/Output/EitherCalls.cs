using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>Two syntaxes under the same opener: JSON if the first character behind it begins an object or a list of objects, else the other.</summary>
internal sealed record EitherCalls(JsonCalls Json, CallSyntax Other) : CallSyntax
{
    /// <summary>True: the model writes the other one.</summary>
    public bool WritesOther { get; init; }

    public override ImmutableArray<string> Openers => [.. Json.Openers.Union(Other.Openers)];

    public override ImmutableArray<string> Markers => [.. Json.Markers.Union(Other.Markers)];

    public override char? BareOpener => Json.BareOpener;

    public override CallSyntax Adapt(string template) => this with
    {
        Other = Other.Adapt(template),
        WritesOther = Other is TaggedCalls || (Other is NamedCalls named && template.Contains(named.ArgumentsOpen, StringComparison.Ordinal)),
    };

    public override CallReader Reader(CallScene scene, string? opener) =>
        opener is null ? Json.Reader(scene, opener) : Json.Open == opener ? new EitherCallReader(scene, this, opener) : Other.Reader(scene, opener);
}
