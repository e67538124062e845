namespace InferenceServer.Inference.Models.Planning;

/// <summary>Something that bounds memory.</summary>
/// <param name="Name">As an operator knows it, to stand in a sentence: "the Metal working set".</param>
/// <param name="Bytes">How much there is.</param>
/// <param name="IsDevice">True: it bounds what the GPU holds; false: what the machine's memory holds.</param>
public sealed record MemoryLimit(string Name, long Bytes, bool IsDevice)
{
    /// <summary>True: a model beyond it is not loaded. False: it is only told, as memory in use may well be given back.</summary>
    public bool IsFirm { get; init; } = true;
}
