using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>Calls as Python writes them, <c>name(key=value, ...)</c>, one or a list in brackets.</summary>
/// <param name="Open">Marker before the first.</param>
/// <param name="Close">Marker after the last; null if there is none.</param>
internal sealed record PythonCalls(string Open, string? Close) : CallSyntax
{
    /// <summary>Ends the name and does not belong to it; null if there is none.</summary>
    public string? NameSuffix { get; init; }

    /// <summary>True: only the name of a tool of the request makes it a call, since other code may stand there.</summary>
    public bool RequiresKnownName { get; init; }

    public override ImmutableArray<string> Openers => [Open];

    public override ImmutableArray<string> Markers => Given(Open, Close);

    public override CallReader Reader(CallScene scene, string? opener) => new PythonCallReader(scene, this);
}
