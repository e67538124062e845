namespace InferenceServer.Server.Streaming;

/// <summary>A whole answer.</summary>
/// <param name="Text">What the client may see.</param>
/// <param name="LogProbs">Of its tokens; empty unless asked for.</param>
internal readonly record struct ChoiceText(string Text, IReadOnlyList<PlacedLogProbs> LogProbs);
