using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Engine;

/// <summary>Log messages of the engine, event ids 1000 to 1099.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(1000, LogLevel.Information, "Loaded {Model} in {Seconds:F1} s, {WarmUpSteps} steps for nobody included: {Cells} KV cells ({KvType}), {Sequences} sequences at once, steps of at most {BatchTokens} tokens, one request up to {SequenceTokens} tokens, prompts up to {SlicedTokens} in slices")]
    public static partial void Loaded(ILogger logger, string model, double seconds, long warmUpSteps, int cells, KvCacheType kvType, int sequences, int batchTokens, int sequenceTokens, int slicedTokens);

    [LoggerMessage(1001, LogLevel.Warning, "The library found no cells for a step of {Tokens} tokens although {Free} should be free; cached prefixes were dropped")]
    public static partial void NoCells(ILogger logger, int tokens, int free);

    [LoggerMessage(1002, LogLevel.Error, "The device failed in a step of {Sequences} sequences and {Tokens} tokens; its memory is made anew and the requests are computed again")]
    public static partial void StepFailed(ILogger logger, int sequences, int tokens);

    [LoggerMessage(1003, LogLevel.Critical, "The engine stopped on an error of its own; every request has been ended")]
    public static partial void Stopped(ILogger logger, Exception exception);

    [LoggerMessage(1004, LogLevel.Debug, "Loading failed: {Failure}")] // the host says it aloud, and ends the process
    public static partial void LoadFailed(ILogger logger, string failure);

    [LoggerMessage(1006, LogLevel.Information, "Loaded {Model} for embeddings in {Seconds:F1} s: one text up to {InputTokens} tokens, {Dimensions} dimensions, {Threads} threads")]
    public static partial void EmbeddingsLoaded(ILogger logger, string model, double seconds, int inputTokens, int dimensions, int threads);

    [LoggerMessage(1007, LogLevel.Error, "A step of {Sequences} texts and {Tokens} tokens failed on the embedding model; it is loaded anew for the next request")]
    public static partial void EmbeddingStepFailed(ILogger logger, int sequences, int tokens);

    [LoggerMessage(1008, LogLevel.Critical, "The embedding thread stopped on an error of its own; its requests have been ended")]
    public static partial void EmbeddingStopped(ILogger logger, Exception exception);

    [LoggerMessage(1009, LogLevel.Warning, "Long prompts cannot be computed in slices beside running streams, since there is no memory for their context: {Failure}. Try a smaller Inference:SlicedPrefillTokens")]
    public static partial void NoSlices(ILogger logger, string failure);

    [LoggerMessage(1005, LogLevel.Critical, "The KV books do not match the library's memory")]
    public static partial void BooksDoNotMatch(ILogger logger, Exception exception);
}
