namespace InferenceServer.Server.Service;

/// <summary>What is to be done to the machine, as data. When a step fails, the <see cref="ServiceStage.Undo"/> of its stage and of those before it is run, in their order.</summary>
/// <param name="Stages">In order.</param>
internal sealed record ServicePlan(params IReadOnlyList<ServiceStage> Stages);

/// <summary>Steps that are undone together.</summary>
/// <param name="Steps">In order; the first that fails ends the plan.</param>
/// <param name="Undo">Bring back what was before; empty if there was nothing.</param>
internal sealed record ServiceStage(IReadOnlyList<ServiceStep> Steps, IReadOnlyList<ServiceStep> Undo)
{
    /// <summary>Steps that need no undoing.</summary>
    public ServiceStage(IReadOnlyList<ServiceStep> steps)
        : this(steps, [])
    {
    }
}
