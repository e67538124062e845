namespace InferenceServer.Inference.Models;

/// <summary>What a header says about an embedding model, and what llama.cpp v0.4.0 needs beyond what every model needs.</summary>
internal static class EmbeddingFile
{
    /// <summary>Tokens. As OpenAI's limit for one input.</summary>
    private const int MaxInputTokens = 8192;

    /// <summary>Bytes. The library keeps a row of logits for every token of a step even where it computes none, and clears them all.</summary>
    private const long MaxLogitBytes = 2L << 30;

    /// <summary>Reads the keys. The header has met <see cref="ModelRequirements"/>.</summary>
    public static EmbeddingMetadata Describe(GgufHeader header, ModelMetadata metadata)
    {
        double? Find(string name) => header.FindNumber($"{metadata.Architecture}.{name}");

        var length = Find("embedding_length_out");
        return new EmbeddingMetadata
        {
            // 0 is one vector per token, which is not what an embedding of a text is.
            Pooling = Find("pooling_type") is > 0 and var pooling ? (PoolingKind)pooling : PoolingKind.Mean,
            Dimensions = length is >= 1 and <= int.MaxValue ? (int)length : metadata.EmbeddingLength,
            MaxInputTokens = (int)Math.Clamp(MaxLogitBytes / (sizeof(float) * (long)metadata.VocabularySize), 1, Math.Min(MaxInputTokens, metadata.ContextLength)),
            RerankTemplate = header.FindText("tokenizer.chat_template.rerank"),
        };
    }

    /// <summary>The first requirement that is not met; null if all are.</summary>
    public static ModelFileFault? Check(EmbeddingMetadata embedding, IReadOnlyList<GgufTensorInfo> tensors)
    {
        // The library aborts over a pooling it does not know.
        if (!Enum.IsDefined(embedding.Pooling))
        {
            return new ModelFileFault(ModelFileError.Malformed, $"has the unknown pooling type {(int)embedding.Pooling}");
        }

        // Without a classifier it would read a number of the hidden state as the score.
        return embedding.IsReranker && !tensors.Any(tensor => tensor.Name is "cls.weight" or "cls.output.weight")
            ? new ModelFileFault(ModelFileError.Malformed, "says it is a reranker, but lacks the tensor cls.output.weight")
            : null;
    }
}
