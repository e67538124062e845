namespace InferenceServer.Inference.Models;

/// <summary>What a token stands for.</summary>
/// <param name="TokenId">Id in the vocabulary.</param>
/// <param name="Bytes">Its bytes, possibly a part of a character, for control tokens their name; memory that never changes.</param>
/// <param name="IsControl">A control token, whose bytes are no text for a client.</param>
public readonly record struct TokenPiece(int TokenId, ReadOnlyMemory<byte> Bytes, bool IsControl);
