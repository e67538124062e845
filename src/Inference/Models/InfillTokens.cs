namespace InferenceServer.Inference.Models;

/// <summary>The control tokens by which a model is asked for the text between two others: prefix, its text, suffix, its text, middle.</summary>
/// <param name="Prefix">Stands before the text that goes before.</param>
/// <param name="Suffix">Stands before the text that comes after.</param>
/// <param name="Middle">Stands where the model begins to write.</param>
public sealed record InfillTokens(int Prefix, int Suffix, int Middle);
