namespace InferenceServer.Telemetry.Power;

/// <summary>Joules that a channel used between two publications.</summary>
/// <param name="From">Seconds on <see cref="MonotonicClock"/>.</param>
/// <param name="To">The same, after <paramref name="From"/>.</param>
/// <param name="Joules">Not negative.</param>
public readonly record struct EnergyWindow(double From, double To, double Joules)
{
    /// <summary>Length in seconds.</summary>
    public double Seconds => To - From;
}
