namespace InferenceServer.Inference.Chat.Output;

/// <summary>What parts a thought from the answer.</summary>
/// <param name="Start">Before the thought.</param>
/// <param name="End">After it.</param>
/// <param name="IsAnywhere">True: a thought may start anywhere. False: only before any content, since the marker is ordinary text elsewhere.</param>
internal sealed record ReasoningMarkers(string Start, string End, bool IsAnywhere = false)
{
    /// <summary>The pair that models of all families use when their template names none.</summary>
    public static readonly ReasoningMarkers Think = new("<think>", "</think>");

    /// <summary>True: the model's template has these markers, so an end without a start ends a thought that the model did not open.</summary>
    public bool IsInTemplate { get; init; }
}
