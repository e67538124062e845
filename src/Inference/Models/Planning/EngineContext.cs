using InferenceServer.Inference.Native;

namespace InferenceServer.Inference.Models.Planning;

/// <summary>How the engine makes its context, so that what is planned is what is loaded.</summary>
internal static class EngineContext
{
    // Tokens of one ubatch. Prefill is bound by arithmetic from small batches on (a 70B on a Mac pays about 4 % at 256), while the
    // pause until an abort or a short prompt gets its turn grows with it. Also the block of the prefix tree.
    private const int MaxBatchTokens = 256;

    // Cached conversations that keep a sequence id of their own beside the running ones. Each id costs one row of logits in
    // the output buffer (0.2 to 0.6 MB); the library has 256 in all.
    private const int NumCachedSequences = 56;

    private const int MaxSequenceIds = 256;

    // Rows of logits that one step can read. The output buffer has as many as there are sequence ids anyway; more would make
    // scoring a prompt a little faster and cost 0.2 to 0.6 MB each.
    private const int MaxOutputs = 64;

    /// <summary>Tokens of a sequence that can be computed in slices, if the context and the model have as many; 0 for none. A model that keeps a state, or whose window is shorter than what is copied at once, has none whatever this says.</summary>
    public static int CountSlicedTokens(InferenceOptions options) =>
        options.SlicedPrefillTokens ?? (options.Parallel > 1 ? InferenceOptions.DefaultSlicedPrefillTokens : 0);

    /// <summary>The context's settings.</summary>
    /// <param name="numCells">KV cells.</param>
    /// <param name="parallel">Sequences that compute at the same time.</param>
    /// <param name="kvCacheType">Type of K and V.</param>
    /// <param name="sharesPrefixes">False for a model that keeps a state instead of cells.</param>
    /// <param name="hasWindows">True for a model with sliding windows, whose sequences need two ids each.</param>
    /// <param name="threads">CPU threads of a step.</param>
    public static ContextSettings Create(int numCells, int parallel, KvCacheType kvCacheType, bool sharesPrefixes, bool hasWindows, int threads) => new()
    {
        NumCells = numCells,
        MaxBatchTokens = MaxBatchTokens,
        MaxSequences = sharesPrefixes ? Math.Min(MaxSequenceIds, (hasWindows ? 2 * parallel : parallel) + NumCachedSequences) : parallel,
        MaxOutputs = Math.Max(MaxOutputs, parallel),
        KvCacheType = kvCacheType,
        Threads = threads,
    };

    /// <summary>The settings of the context beside a main one that computes prompts in slices, one sequence at a time: with the second id the library saves and restores a part of it.</summary>
    /// <param name="main">The main context's: both compute the same numbers.</param>
    /// <param name="numTokens">Tokens of a sequence that it is to hold.</param>
    public static ContextSettings ForSlices(ContextSettings main, int numTokens) => main with { NumCells = numTokens, MaxSequences = 2, MaxOutputs = 2 };
}
