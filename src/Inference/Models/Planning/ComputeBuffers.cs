using InferenceServer.Inference.Native;

namespace InferenceServer.Inference.Models.Planning;

/// <summary>
/// Estimates the buffer of intermediate results, which llama.cpp sizes by laying out its largest graph. The terms follow which results
/// live at once at a layer's widest points; tests hold them against what the library reserves for models of many shapes.
/// </summary>
internal static class ComputeBuffers
{
    // The Metal kernel of flash attention writes partial results of at most 32 tokens from each of 32 workgroups, with two numbers more than a
    // head's output (ggml_metal_op_flash_attn_ext_extra_tmp in ggml-metal-ops.cpp).
    private const int MetalWorkgroups = 32;
    private const int MetalTokens = 32;

    // The attention mask is made of 16-bit numbers, as flash attention wants it.
    private const int MaskBytes = 2;

    /// <summary>Bytes on the device that computes.</summary>
    public static long OnDevice(ModelShape shape, ContextSettings settings, DeviceFamily family)
    {
        var rows = Rows(settings);
        var row = rows * sizeof(float);

        // A recurrent layer works on a copy of all sequences' states.
        var widest = shape.Layers.Max(layer => (layer.StateWidth * settings.MaxSequences * sizeof(float)) + Math.Max(
            row * Math.Max(FeedForwardWidth(shape, layer), layer.AttentionWidth),
            family == DeviceFamily.Metal ? MetalAttentionBytes(shape, settings, layer) : 0));

        // After the last layer only the rows that want logits are left, and the masks are not needed any more.
        var logits = (settings.NumOutputs * (long)shape.VocabularySize * sizeof(float)) + (3 * row * shape.EmbeddingLength);
        return Math.Max(Masks(shape, settings) + widest, logits);
    }

    /// <summary>Bytes in the machine's memory beside them where a GPU computes: what a step is fed.</summary>
    public static long OnHost(ModelShape shape, ContextSettings settings) =>
        Masks(shape, settings) + (Rows(settings) * sizeof(float) * shape.EmbeddingLength);

    private static long Rows(ContextSettings settings) => Math.Min(settings.MaxBatchTokens, settings.NumCells);

    private static long Masks(ModelShape shape, ContextSettings settings) =>
        Rows(settings) * settings.NumCells * MaskBytes * (shape.HasWindows ? 2 : 1);

    /// <summary>The residual, its normed copy, the layer's input and what attention gave stand beside what the network makes of a token.</summary>
    private static long FeedForwardWidth(ModelShape shape, LayerShape layer)
    {
        var beside = (3 * shape.EmbeddingLength) + layer.HeadsWidth;
        var dense = layer.FeedForwardWidth + beside;
        if (layer.ExpertsWidth == 0)
        {
            return dense;
        }

        // Or, at the end, what each expert gave, before and after it is weighted.
        var outputs = (2L * shape.NumExpertsUsed * shape.EmbeddingLength) + (layer.ExpertsWidth / 3) + (3 * shape.EmbeddingLength);
        return Math.Max(dense, Math.Max(layer.ExpertsWidth + beside, outputs));
    }

    private static long MetalAttentionBytes(ModelShape shape, ContextSettings settings, LayerShape layer)
    {
        var row = Rows(settings) * sizeof(float);
        var results = row * ((3 * shape.EmbeddingLength) + (2 * layer.QueryWidth) + layer.KeyWidth + layer.ValueWidth + layer.HeadsWidth);
        var partial = MetalTokens * MetalWorkgroups * sizeof(float) * layer.HeadsWidth;

        // A layer's keys and values once more as 16-bit numbers; reserved whatever type they are cached as.
        var unpacked = KvRowBytes.Of(KvCacheType.F16, layer) * settings.NumCells;
        return results + partial + unpacked;
    }
}
