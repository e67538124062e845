namespace InferenceServer.Telemetry.Power;

/// <summary>One thing that a source measures. Immutable. Names follow the OpenTelemetry conventions for hardware.</summary>
public sealed record PowerChannel
{
    /// <summary><c>hw.id</c>: the part of the machine, with the provider in front; all channels of a part have the same.</summary>
    public required string Id { get; init; }

    /// <summary><c>hw.type</c>: <c>gpu</c>, <c>cpu</c>, <c>memory</c>, <c>npu</c>, or <c>host</c> for the whole machine.</summary>
    public required string Type { get; init; }

    /// <summary><c>hw.name</c>: what people call it.</summary>
    public required string Name { get; init; }

    /// <summary>Name of the provider: what is before the slash in <see cref="Id"/>.</summary>
    public string Provider => Id[..Id.IndexOf('/', StringComparison.Ordinal)];

    /// <summary>What is measured.</summary>
    public required PowerQuantity Quantity { get; init; }

    /// <summary><c>hw.parent</c>: the channel that already contains this one, so that nobody adds them; null if none does.</summary>
    public string? Parent { get; init; }

    /// <summary>For which joules per token it counts.</summary>
    public EnergyBoundary Boundary { get; init; }

    /// <summary>Energy: also tell watts, from the counter's differences. False where a better channel of the same part tells them.</summary>
    public bool TellsPower { get; init; } = true;

    /// <summary>Power: also tell joules, by adding the watts up. False where a counter of the same part tells them.</summary>
    public bool TellsEnergy { get; init; } = true;

    /// <summary>How to know that the device works, so that a counter that stands still is found out.</summary>
    public LoadSignal Load { get; init; }

    /// <summary>For whom the values are, in <see cref="PowerQuantity.ProcessTime"/> and <see cref="PowerQuantity.ProcessMemory"/>: <c>self</c> or <c>other</c>.</summary>
    public string? Process { get; init; }

    /// <summary>What an owner should know about the number, in a few words; null if nothing.</summary>
    public string? Note { get; init; }
}

/// <summary>Who knows whether a device works.</summary>
public enum LoadSignal
{
    /// <summary>Nobody: 0 joules are believed.</summary>
    None,

    /// <summary>The utilization channel of the same part.</summary>
    Utilization,

    /// <summary>The engine: while it computes, the device works.</summary>
    Engine,
}
