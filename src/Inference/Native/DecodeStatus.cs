namespace InferenceServer.Inference.Native;

/// <summary>What became of one <c>llama_decode</c>.</summary>
internal enum DecodeStatus
{
    /// <summary>0: computed; the logits can be read.</summary>
    Ok,

    /// <summary>1: no cells for the batch. The memory is as it was before the call; free cells and try again.</summary>
    NoCells,

    /// <summary>2: the abort callback ended it. Passes that were done before stay in the memory: read the positions back.</summary>
    Aborted,

    /// <summary>-1: the batch is not valid (a token outside the vocabulary, a position that does not continue its sequence). The memory is as it was.</summary>
    InvalidBatch,

    /// <summary>
    /// Below -1: the device failed. Passes that were done before stay in the memory, and on Metal the step before may have
    /// given wrong logits already: drop the last token of every sequence and compute it again.
    /// </summary>
    Failed,
}
