using InferenceServer.Inference.Models;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Machines;

namespace InferenceServer.Server.Hosting;

/// <summary>Refuses a model that this machine could only serve by swapping, before anything heavy happens.</summary>
internal static class MemoryCheck
{
    /// <summary>Throws <see cref="StartupException"/> with what to change if the model does not fit into the machine.</summary>
    public static void ThrowIfTooLarge(ModelFile file, Settings settings, Machine machine)
    {
        if (settings.Inference.AllowSwapping)
        {
            return;
        }

        var limits = machine.Limits.Where(limit => limit.IsFirm).ToList();
        var plan = MemoryPlan.Create(file, PlanSettings.From(settings.Inference, machine.Family));
        if (plan.FindExceeded(limits).Count > 0)
        {
            throw new StartupException(
                ExitCode.DoesNotFit,
                string.Join('\n', [.. MemoryAdvice.Describe(file, plan, limits), "Serving it would swap. --force starts it all the same."]));
        }
    }
}
