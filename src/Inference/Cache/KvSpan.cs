namespace InferenceServer.Inference.Cache;

/// <summary>Cells of the KV memory that go together, in numbers only: no token and no text is ever part of it.</summary>
/// <param name="RequestId">The running request that alone holds them; null for a prefix in the tree that several hold, or nobody.</param>
/// <param name="Start">Position of the first one in its sequence.</param>
/// <param name="NumCells">How many.</param>
/// <param name="NumUsers">Running sequences that hold them; 0: cached, and taken when needed.</param>
public readonly record struct KvSpan(long? RequestId, int Start, int NumCells, int NumUsers);
