using InferenceServer.Inference.Models;
using InferenceServer.Inference.Models.Planning;

namespace InferenceServer.Server.Machines;

/// <summary>One plan and what follows from it.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Roofline">The model's speed with this type of cache.</param>
/// <param name="LargestContext">Cells at most with everything else as it is; 0 if not even the fewest fit.</param>
internal sealed record PlanVariant(MemoryPlan Plan, Roofline Roofline, int LargestContext)
{
    /// <summary>Plans a model for a machine.</summary>
    public static PlanVariant Create(ModelFile file, PlanSettings settings, Machine machine)
    {
        MemoryLimit[] limits = [.. machine.Limits.Where(limit => limit.IsFirm)];
        return new PlanVariant(
            MemoryPlan.Create(file, PlanSearch.FitSlices(file, settings, limits)),
            new Roofline(file, settings.KvCacheType),
            PlanSearch.FindLargestContext(file, settings, limits));
    }
}
