namespace InferenceServer.Inference.Models.Planning;

/// <summary>
/// A model's sizes as far as memory and speed depend on them, from a header alone: what <c>llama-hparams.cpp</c> and the memory
/// classes of llama.cpp v0.4.0 make of it. Immutable.
/// </summary>
internal sealed record ModelShape
{
    // Kinds of memory that this does not follow: sparse attention with an index of its own, and lightning attention.
    private static readonly string[] Unfollowed = ["deepseek32", "deepseek4", "glm-dsa", "dots3note", "minimax-m3", "minimax-01", "qwen4exp", "kimi-k3"];

    /// <summary>Width of the hidden state.</summary>
    public required int EmbeddingLength { get; init; }

    /// <summary>Tokens in the vocabulary.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>All layers in order.</summary>
    public required IReadOnlyList<LayerShape> Layers { get; init; }

    /// <summary>Bytes of tables of which a token reads one row; they stay in the machine's memory.</summary>
    public required long InputBytes { get; init; }

    /// <summary>Bytes that the output layer reads; they are among <see cref="InputBytes"/> if <see cref="IsTied"/>.</summary>
    public required long OutputBytes { get; init; }

    /// <summary>True: the output layer is the token table once more.</summary>
    public required bool IsTied { get; init; }

    /// <summary>Routed experts in a layer; 0 for a dense model.</summary>
    public required int NumExperts { get; init; }

    /// <summary>Experts that a token goes to.</summary>
    public required int NumExpertsUsed { get; init; }

    /// <summary>True: its memory is planned as the library makes it; false: of a kind that is only estimated.</summary>
    public required bool IsFollowed { get; init; }

    /// <summary>Bytes of all weights.</summary>
    public long WeightBytes => InputBytes + (IsTied ? 0 : OutputBytes) + Layers.Sum(layer => layer.WeightBytes);

    /// <summary>True: prefixes cannot be shared, as some layers keep a state instead of cells.</summary>
    public bool HasState => Layers.Any(layer => layer.StateWidth > 0);

    /// <summary>True: some layers see a window only, for which the library keeps a second mask.</summary>
    public bool HasWindows => Layers.Any(layer => layer.Window > 0);

    /// <summary>Reads it from a header that met <see cref="ModelRequirements"/>.</summary>
    /// <param name="reader">Of the file with the header.</param>
    /// <param name="header">The first shard's.</param>
    /// <param name="tensors">Of all shards.</param>
    public static ModelShape Read(GgufReader reader, GgufHeader header, IReadOnlyList<GgufTensorInfo> tensors)
    {
        var keys = new LayerKeys(reader, header);
        var numLayers = (int)keys.Find("block_count");
        var layers = new LayerTensors[numLayers];
        for (var i = 0; i < numLayers; i++)
        {
            layers[i] = new LayerTensors();
        }

        long input = 0, output = 0, table = 0;
        var isTied = true;
        foreach (var tensor in tensors)
        {
            if (LayerTensors.TryParse(tensor.Name, out var layer, out var role) && layer < numLayers)
            {
                layers[layer].Add(role, tensor);
            }
            else if (IsTable(tensor.Name))
            {
                input += tensor.NumBytes;
                table = tensor.Name == "token_embd.weight" ? tensor.NumBytes : table;
            }
            else
            {
                output += tensor.NumBytes;
                isTied &= tensor.Name != "output.weight";
            }
        }

        var reading = new LayerReading(keys);
        return new ModelShape
        {
            EmbeddingLength = (int)keys.Find("embedding_length"),
            VocabularySize = (int)header.Values[GgufTokenList.Key].Count,
            Layers = [.. layers.Select((tensorsOfLayer, index) => reading.Read(index, tensorsOfLayer))],
            InputBytes = isTied ? input + output : input,
            OutputBytes = isTied ? table + output : output,
            IsTied = isTied,
            NumExperts = (int)keys.Find("expert_count"),
            NumExpertsUsed = reading.NumExpertsUsed,
            IsFollowed = !Unfollowed.Contains(keys.Architecture),
        };
    }

    private static bool IsTable(string name) => name is "token_embd.weight" or "per_layer_token_embd.weight" or "position_embd.weight" or "token_types.weight";
}
