using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>Calls as JSON objects of name and arguments, one or a list, between markers or bare.</summary>
/// <param name="Open">Marker before the JSON; null if there is only the bare form.</param>
/// <param name="Close">Marker after the JSON; null if there is none. A model may leave it out.</param>
internal sealed record JsonCalls(string? Open, string? Close) : CallSyntax
{
    /// <summary>True: an object at the very start of an answer is a call too, if it names one of the request's tools.</summary>
    public bool IsBareAllowed { get; init; }

    /// <summary>True: an object's only member is the call, its name that of the function.</summary>
    public bool IsNameKey { get; init; }

    public override ImmutableArray<string> Openers => Given(Open);

    public override ImmutableArray<string> Markers => Given(Open, Close);

    public override char? BareOpener => IsBareAllowed ? '{' : null;

    public override CallReader Reader(CallScene scene, string? opener) => new JsonCallReader(scene, this, opener);
}
