using InferenceServer.Inference.Models;

namespace InferenceServer.Server.Hosting;

/// <summary>The embedding model or reranker as clients see it: known from its file's header; loaded by the first request. Immutable; any thread.</summary>
internal sealed class ServedEmbeddingModel
{
    // What llama.cpp v0.4.0 ends in a softmax over yes and no, so that the score is a probability already.
    private static readonly string[] GiveProbabilities = ["qwen3", "qwen3vl"];

    /// <summary>Puts it together.</summary>
    /// <param name="metadata">What the file says, read for <see cref="ModelPurpose.Embedding"/>.</param>
    /// <param name="created">When the file was written.</param>
    public ServedEmbeddingModel(ModelMetadata metadata, DateTimeOffset created)
    {
        Metadata = metadata;
        Embedding = metadata.Embedding ?? throw new ArgumentException("The file was not read as an embedding model.", nameof(metadata));
        Id = ServedModel.DefaultId(metadata.Path);
        Created = created.ToUnixTimeSeconds();
    }

    /// <summary>The name that answers carry.</summary>
    public string Id { get; }

    /// <summary>What the file says.</summary>
    public ModelMetadata Metadata { get; }

    /// <summary>What the file says about embeddings.</summary>
    public EmbeddingMetadata Embedding { get; }

    /// <summary>Seconds since 1970.</summary>
    public long Created { get; }

    /// <summary>True: a reranker's scores are probabilities; false: they are logits.</summary>
    public bool GivesProbabilities => GiveProbabilities.Contains(Metadata.Architecture);
}
