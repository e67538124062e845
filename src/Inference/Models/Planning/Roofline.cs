namespace InferenceServer.Inference.Models.Planning;

/// <summary>
/// How fast a model can be at best: decoding reads every active weight and every key and value once per step, so memory
/// bandwidth bounds it; prefill multiplies every token by every active weight, so arithmetic does.
/// Immutable; asking it allocates nothing. Any thread.
/// </summary>
public sealed class Roofline
{
    private readonly ModelShape _shape;
    private readonly long _denseBytes;
    private readonly long _expertBytes;
    private readonly long _stateBytes;
    private readonly (int Window, long BytesPerToken)[] _attention;

    /// <param name="file">The model.</param>
    /// <param name="kvCacheType">Type of K and V.</param>
    public Roofline(ModelFile file, KvCacheType kvCacheType)
    {
        _shape = file.Shape;
        _expertBytes = _shape.Layers.Sum(layer => layer.ExpertBytes);
        _denseBytes = _shape.OutputBytes + _shape.Layers.Sum(layer => layer.WeightBytes) - _expertBytes;

        // A state is read and written back.
        _stateBytes = 2 * sizeof(float) * _shape.Layers.Sum(layer => layer.StateWidth);
        _attention = [.. _shape.Layers.GroupBy(layer => layer.Window > 0 ? layer.Window : int.MaxValue)
            .Select(group => (group.Key, group.Sum(layer => KvRowBytes.Of(kvCacheType, layer))))];
    }

    /// <summary>False: the model has a kind of memory of which only the order of magnitude is known.</summary>
    public bool IsFollowed => _shape.IsFollowed;

    /// <summary>
    /// Weights that a decode step reads, in bytes: once for all sequences; of a mixture of experts those that at least one of the sequences goes
    /// to, as if they chose independently.
    /// </summary>
    /// <param name="numSequences">Sequences that decode together.</param>
    public long GetWeightBytes(int numSequences)
    {
        var used = _shape.NumExperts > 0 ? 1 - Math.Pow(1 - ((double)_shape.NumExpertsUsed / _shape.NumExperts), numSequences) : 0;
        return _denseBytes + (long)(_expertBytes * used);
    }

    /// <summary>Keys, values and states that a decode step reads for a sequence, in bytes; windowed layers read their window only.</summary>
    /// <param name="context">Tokens in the sequence's context.</param>
    public long GetContextBytes(int context)
    {
        var bytes = _stateBytes;
        foreach (var (window, bytesPerToken) in _attention)
        {
            bytes += bytesPerToken * Math.Min(context, window);
        }

        return bytes;
    }

    /// <summary>Bytes that a decode step reads.</summary>
    /// <param name="context">Tokens in the context of each sequence.</param>
    /// <param name="numSequences">Sequences that decode together.</param>
    public long GetDecodeBytes(int context, int numSequences) => GetWeightBytes(numSequences) + (numSequences * GetContextBytes(context));

    /// <summary>Tokens per second that all sequences together can get at most.</summary>
    /// <param name="bytesPerSecond">The machine's memory bandwidth.</param>
    /// <param name="context">As for <see cref="GetDecodeBytes"/>.</param>
    /// <param name="numSequences">As for <see cref="GetDecodeBytes"/>.</param>
    public double GetDecodeRate(double bytesPerSecond, int context, int numSequences) =>
        numSequences * bytesPerSecond / GetDecodeBytes(context, numSequences);

    /// <summary>Operations that a prompt takes: a multiplication and an addition for each active weight, and attention to all tokens before.</summary>
    /// <param name="numTokens">The prompt's length.</param>
    public double GetPrefillOperations(int numTokens)
    {
        var operations = 0.0;
        foreach (var layer in _shape.Layers)
        {
            // On average half of the prompt is visible; queries meet keys, and what comes of it meets values.
            var visible = Math.Min(numTokens / 2.0, layer.Window > 0 ? layer.Window : double.MaxValue);
            operations += (2.0 * layer.ActiveWeights) + (2.0 * visible * (layer.QueryWidth + layer.HeadsWidth) * (layer.KeyWidth > 0 ? 1 : 0));
        }

        return operations * numTokens;
    }
}
