using InferenceServer.Inference.Sampling;

namespace InferenceServer.Server.Streaming;

/// <summary>How likely a token of a text was, and where in the text it stands.</summary>
/// <param name="Entry">The token and its alternatives; these are default, and the number means nothing, for a prompt's first token, which nothing foretold.</param>
/// <param name="TextOffset">Characters (Unicode code points) of the text before it.</param>
internal readonly record struct PlacedLogProbs(TokenLogProbs Entry, int TextOffset);
