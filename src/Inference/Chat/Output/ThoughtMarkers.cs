namespace InferenceServer.Inference.Chat.Output;

/// <summary>The thought before an answer.</summary>
/// <param name="IsOpen">True: the prompt ends within it.</param>
/// <param name="Start">Text with which the output begins it otherwise.</param>
/// <param name="End">Text that ends it.</param>
public sealed record ThoughtMarkers(bool IsOpen, string Start, string End);
