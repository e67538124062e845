using InferenceServer.Inference.Models;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Machines;

namespace InferenceServer.Server.Hosting;

/// <summary>Refuses a model that this machine could only serve by swapping, before anything heavy happens.</summary>
internal static class MemoryCheck
{
    /// <summary>Plans the model for a machine, and settles how much of a prompt can be computed in slices if the settings leave that open. Throws <see cref="StartupException"/> with what to change if it does not fit.</summary>
    public static MemoryPlan Plan(ModelFile file, Settings settings, Machine machine)
    {
        var limits = machine.Limits.Where(limit => limit.IsFirm).ToList();
        var plan = MemoryPlan.Create(file, PlanSearch.FitSlices(file, PlanSettings.From(settings.Inference, machine.Family), limits));
        settings.Inference.SlicedPrefillTokens ??= plan.Settings.SlicedTokens;
        if (!settings.Inference.AllowSwapping && plan.FindExceeded(limits).Count > 0)
        {
            throw new StartupException(
                ExitCode.DoesNotFit,
                string.Join('\n', [.. MemoryAdvice.Describe(file, plan, limits), "Serving it would swap. --force starts it all the same."]));
        }

        return plan;
    }
}
