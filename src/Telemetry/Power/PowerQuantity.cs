namespace InferenceServer.Telemetry.Power;

/// <summary>What a channel measures.</summary>
public enum PowerQuantity
{
    /// <summary>Joules, counted up since some moment.</summary>
    Energy,

    /// <summary>Watts, now or as a short mean.</summary>
    Power,

    /// <summary>Share of time in use, 0 to 1.</summary>
    Utilization,

    /// <summary>Hertz while in use.</summary>
    Frequency,

    /// <summary>Bytes in use.</summary>
    MemoryUsage,

    /// <summary>Bytes there are.</summary>
    MemoryLimit,

    /// <summary>Degrees Celsius.</summary>
    Temperature,

    /// <summary>The system's own word for heat: 0 nominal, 1 moderate, 2 heavy, 3 trapping, 4 sleeping.</summary>
    ThermalPressure,

    /// <summary>1 while the device holds itself back because of heat, else 0.</summary>
    Throttled,

    /// <summary>Seconds of the device that a process has used, counted up.</summary>
    ProcessTime,

    /// <summary>Bytes of the device that a process holds.</summary>
    ProcessMemory,
}
