using System.Globalization;
using InferenceServer.Inference;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Models.Planning;

namespace InferenceServer.Server.Machines;

/// <summary>What to say about a model that does not fit, and what to change so that it does.</summary>
internal static class MemoryAdvice
{
    // Less than this is no context to work with: better to say that the model is too large.
    private const int LeastContext = 2048;

    // macOS and its services want this much, whatever the GPU's limit is set to.
    private const long MacReserve = 8L << 30;

    // Contexts are suggested in whole thousands.
    private const int Step = 1024;

    /// <summary>One line for each limit that is not kept, and one with what would help.</summary>
    /// <param name="file">The model.</param>
    /// <param name="plan">Its plan, which does not fit.</param>
    /// <param name="limits">The limits that count.</param>
    public static IReadOnlyList<string> Describe(ModelFile file, MemoryPlan plan, IReadOnlyList<MemoryLimit> limits)
    {
        var lines = plan.FindExceeded(limits)
            .Select(limit => $"{Path.GetFileName(file.Metadata.Path)} needs {Size(plan.NeededOf(limit))} with --context {Number(plan.Settings.Context)} --kv-type {Name(plan.Settings.KvCacheType)}, but {limit.Name} is {Size(limit.Bytes)}.")
            .ToList();
        var changes = FindChanges(file, plan, limits);
        lines.Add(changes.Count > 0
            ? $"What would fit: {string.Join("; or ", changes)}."
            : $"No setting makes it fit: choose a smaller model or quantization (its weights are {Size(plan.WeightBytes)}), or free memory.");
        return lines;
    }

    /// <summary>Bytes for people: <c>37.2 GiB</c>, <c>92 MiB</c>.</summary>
    public static string Size(long bytes) => bytes < 1L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):F0} MiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):F1} GiB");

    /// <summary>The type as the command line takes it.</summary>
    public static string Name(KvCacheType type) => type.ToString().ToLowerInvariant();

    private static List<string> FindChanges(ModelFile file, MemoryPlan plan, IReadOnlyList<MemoryLimit> limits)
    {
        var changes = new List<string>();
        var settings = plan.Settings;
        var smaller = settings.KvCacheType is KvCacheType.F16 or KvCacheType.BF16 ? KvCacheType.Q8_0 : KvCacheType.Q4_0;
        if (smaller != settings.KvCacheType && Fits(settings with { KvCacheType = smaller }))
        {
            changes.Add($"--kv-type {Name(smaller)}");
        }

        if (Context(settings) is { } context)
        {
            changes.Add($"--context {Number(context)}");
        }

        if (changes.Count < 2 && smaller != settings.KvCacheType && !Fits(settings with { KvCacheType = smaller }) && Context(settings with { KvCacheType = smaller }) is { } both)
        {
            changes.Add($"--kv-type {Name(smaller)} --context {Number(both)}");
        }

        if (settings.Family == DeviceFamily.Metal && limits.FirstOrDefault(limit => !limit.IsDevice) is { } machine && plan.MachineBytes + MacReserve <= machine.Bytes)
        {
            changes.Add($"a larger share for the GPU (sudo sysctl iogpu.wired_limit_mb={Number((plan.DeviceBytes >> 20) + Step)})");
        }

        if (settings.Family == DeviceFamily.Discrete && GpuLayers() is > 0 and var layers)
        {
            changes.Add($"--gpu-layers {Number(layers)}, which is slower");
        }

        return changes;

        bool Fits(PlanSettings changed) => MemoryPlan.Create(file, changed).FindExceeded(limits).Count == 0;

        int? Context(PlanSettings changed) =>
            PlanSearch.FindLargestContext(file, changed, limits) / Step * Step is >= LeastContext and var cells && cells < settings.Context ? cells : null;

        int GpuLayers() => Enumerable.Range(0, file.Metadata.BlockCount + 1).Reverse().FirstOrDefault(count => Fits(settings with { GpuLayers = count }));
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
