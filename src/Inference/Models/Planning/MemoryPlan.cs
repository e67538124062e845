using InferenceServer.Inference.Native;

namespace InferenceServer.Inference.Models.Planning;

/// <summary>
/// What a model takes in memory with given settings, planned from its header: what llama.cpp allocates for weights, cells and
/// results, and what the server needs beside. All in bytes. Immutable.
/// </summary>
public sealed record MemoryPlan
{
    /// <summary>
    /// The server beside its model: runtime, tables, threads, and the embedding model once it is used. Measured on Linux x64 with the embedded
    /// models, November 2026: about 110 MB resident before and 210 MB after the first embeddings; the rest is for larger vocabularies and many connections.
    /// </summary>
    public const long ServerBytes = 300L << 20;

    private const int CellsMultiple = 256;

    private MemoryPlan()
    {
    }

    /// <summary>What it was planned for; the context rounded up to 256 cells, as the library does.</summary>
    public required PlanSettings Settings { get; init; }

    /// <summary>The model's weights, wherever they lie.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Keys and values of one token.</summary>
    public required long KvBytesPerToken { get; init; }

    /// <summary>Keys and values of all cells.</summary>
    public required long KvBytes { get; init; }

    /// <summary>States of recurrent layers, for all sequences; 0 for most models.</summary>
    public required long StateBytes { get; init; }

    /// <summary>Intermediate results of a step.</summary>
    public required long ComputeBytes { get; init; }

    /// <summary>Logits as the server reads them.</summary>
    public required long OutputBytes { get; init; }

    /// <summary>Tokens of a prompt that can be computed in slices; 0 for none.</summary>
    public required int SlicedTokens { get; init; }

    /// <summary>All that the context for prompts in slices takes; 0 without one.</summary>
    public required long SlicedBytes { get; init; }

    /// <summary>Of <see cref="TotalBytes"/>, what the GPU must be able to hold; 0 on a processor.</summary>
    public required long DeviceBytes { get; init; }

    /// <summary>What the machine's memory must hold, the server included; where the GPU uses the same memory, everything.</summary>
    public long MachineBytes { get; private init; }

    /// <summary>False: the model has a kind of memory that is only estimated here.</summary>
    public required bool IsFollowed { get; init; }

    /// <summary>What llama.cpp allocates.</summary>
    public long TotalBytes => WeightBytes + KvBytes + StateBytes + ComputeBytes + OutputBytes + SlicedBytes;

    /// <summary>Plans a model.</summary>
    public static MemoryPlan Create(ModelFile file, PlanSettings settings)
    {
        var shape = file.Shape;
        settings = settings with { Context = RoundUp(settings.Context) };
        var context = EngineContext.Create(settings.Context, settings.Parallel, settings.KvCacheType, !shape.HasState, shape.HasWindows, threads: 1);
        var kvPerToken = shape.Layers.Sum(layer => KvRowBytes.Of(settings.KvCacheType, layer));
        var compute = ComputeBuffers.OnDevice(shape, context, settings.Family);
        var numSliced = shape.HasState ? 0 : Math.Min(Math.Min(settings.SlicedTokens, settings.Context), file.Metadata.ContextLength);
        var slices = numSliced > 0 ? EngineContext.ForSlices(context, RoundUp(numSliced)) : null;
        var slicesCompute = slices is null ? 0 : ComputeBuffers.OnDevice(shape, slices, settings.Family);
        var sliced = slices is null ? 0 : (kvPerToken * slices.NumCells) + slicesCompute + OutputBytesOf(shape, slices);
        var (hostCompute, device) = (0L, 0L);
        if (settings.Family != DeviceFamily.Cpu && settings.GpuLayers != 0)
        {
            // The last layers go to the GPU, the output layer first (i_gpu_start in llama-model.cpp).
            var first = Math.Max(0, shape.Layers.Count + 1 - (settings.GpuLayers ?? shape.Layers.Count + 1));
            device = compute + shape.OutputBytes + shape.Layers.Skip(first).Sum(layer => LayerBytes(layer, context));
            hostCompute = ComputeBuffers.OnHost(shape, context);
            if (slices is not null)
            {
                device += slicesCompute + shape.Layers.Skip(first).Sum(layer => KvRowBytes.Of(settings.KvCacheType, layer) * slices.NumCells);
                sliced += ComputeBuffers.OnHost(shape, slices);
            }
        }

        var plan = new MemoryPlan
        {
            Settings = settings,
            WeightBytes = shape.WeightBytes,
            KvBytesPerToken = kvPerToken,
            KvBytes = kvPerToken * settings.Context,
            StateBytes = shape.Layers.Sum(layer => StateBytesOf(layer, context)),
            ComputeBytes = compute + hostCompute,
            OutputBytes = OutputBytesOf(shape, context),
            SlicedTokens = numSliced,
            SlicedBytes = sliced,
            DeviceBytes = device,
            IsFollowed = shape.IsFollowed,
        };

        // A GPU's own memory takes its part off the machine's: mapped weights that were copied there can be dropped at any time. A table that
        // is also the output layer is in both.
        var isApart = settings.Family == DeviceFamily.Discrete && device > 0;
        var apart = isApart ? device - (shape.IsTied ? shape.OutputBytes : 0) : 0;
        return plan with { MachineBytes = plan.TotalBytes - apart + ServerBytes };
    }

    /// <summary>The limits that it does not keep to; empty if it fits.</summary>
    public IReadOnlyList<MemoryLimit> FindExceeded(IEnumerable<MemoryLimit> limits) =>
        [.. limits.Where(limit => NeededOf(limit) > limit.Bytes)];

    /// <summary>What counts against a limit.</summary>
    public long NeededOf(MemoryLimit limit) => limit.IsDevice ? DeviceBytes : MachineBytes;

    private static int RoundUp(int numCells) => (numCells + CellsMultiple - 1) / CellsMultiple * CellsMultiple;

    private static long LayerBytes(LayerShape layer, ContextSettings context) =>
        layer.WeightBytes + (KvRowBytes.Of(context.KvCacheType, layer) * context.NumCells) + StateBytesOf(layer, context);

    private static long OutputBytesOf(ModelShape shape, ContextSettings context) => context.NumOutputs * (long)shape.VocabularySize * sizeof(float);

    private static long StateBytesOf(LayerShape layer, ContextSettings context) => layer.StateWidth * sizeof(float) * context.MaxSequences;
}
