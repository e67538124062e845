namespace InferenceServer.Inference.Models.Planning;

/// <summary>What a layer holds, reads and caches. Numbers per token are counted in values, not bytes.</summary>
internal sealed record LayerShape
{
    /// <summary>Bytes of all its weights; 0 for a layer that the library does not load.</summary>
    public long WeightBytes { get; init; }

    /// <summary>Of these, the bytes of its routed experts; 0 in a dense layer.</summary>
    public long ExpertBytes { get; init; }

    /// <summary>Weights that a token is multiplied by; of the experts only those that it goes to.</summary>
    public long ActiveWeights { get; init; }

    /// <summary>Cached key values per token; 0 without attention.</summary>
    public int KeyWidth { get; init; }

    /// <summary>Cached value values per token; 0 without attention, and with latent attention, which caches one vector for both.</summary>
    public int ValueWidth { get; init; }

    /// <summary>Values of all query heads of a token.</summary>
    public long QueryWidth { get; init; }

    /// <summary>Values of all heads' output of a token.</summary>
    public long HeadsWidth { get; init; }

    /// <summary>Tokens that it looks back; 0 is all.</summary>
    public int Window { get; init; }

    /// <summary>Values of the state that it keeps for each sequence; 0 unless it is recurrent.</summary>
    public long StateWidth { get; init; }

    /// <summary>Values of intermediate results that live at once per token at the feed-forward network's widest point.</summary>
    public long FeedForwardWidth { get; init; }

    /// <summary>The same for routed experts; 0 in a dense layer.</summary>
    public long ExpertsWidth { get; init; }

    /// <summary>The same for attention; beyond queries and outputs only latent attention needs much.</summary>
    public long AttentionWidth { get; init; }
}
