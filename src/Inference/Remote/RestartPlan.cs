namespace InferenceServer.Inference.Remote;

/// <summary>How long to wait before the engine is started again, and when to say that it does not work. Pure; one thread.</summary>
internal sealed class RestartPlan
{
    /// <summary>Engines that ended one after the other without progress before the server says that it does not work.</summary>
    public const int MaxFailures = 3;

    // Each doubles the last from there on.
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Slowest = TimeSpan.FromMinutes(5);

    /// <summary>Engines that ended one after the other without progress.</summary>
    public int NumFailures { get; private set; }

    /// <summary>True: nothing new is to be taken.</summary>
    public bool IsHopeless => NumFailures >= MaxFailures;

    /// <summary>An engine ended. Returns how long to wait.</summary>
    /// <param name="hasProgress">Something came of it.</param>
    public TimeSpan End(bool hasProgress)
    {
        NumFailures = hasProgress ? 0 : NumFailures + 1;
        return NumFailures switch
        {
            <= 1 => TimeSpan.Zero,
            2 => TimeSpan.FromSeconds(1),
            var failures => TimeSpan.FromTicks(Math.Min(Slowest.Ticks, Slow.Ticks << Math.Min(10, failures - MaxFailures))),
        };
    }
}
