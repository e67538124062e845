using InferenceServer.Inference.Chat;

namespace InferenceServer.Server.Streaming;

/// <summary>A whole answer.</summary>
/// <param name="Content">The text; empty if there is none.</param>
/// <param name="Reasoning">The thought before it; empty if there is none.</param>
/// <param name="Calls">Calls in order; the last one's arguments may be cut off if the answer was.</param>
/// <param name="LogProbs">Of the tokens of the text; empty unless asked for.</param>
internal readonly record struct Answer(string Content, string Reasoning, IReadOnlyList<ChatToolCall> Calls, IReadOnlyList<PlacedLogProbs> LogProbs);
