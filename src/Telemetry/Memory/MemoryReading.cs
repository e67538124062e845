namespace InferenceServer.Telemetry.Memory;

/// <summary>What a system says of its memory and of this process, at one moment. Bytes unless a name says otherwise; null is what it does not tell.</summary>
internal readonly record struct MemoryReading
{
    /// <summary>Memory of the machine.</summary>
    public long? Total { get; init; }

    /// <summary>Memory that programs hold and that cannot simply be dropped; the cache of files is not in it.</summary>
    public long? Used { get; init; }

    /// <summary>Memory that nobody can be made to give up: wired by the kernel, or locked by programs.</summary>
    public long? Locked { get; init; }

    /// <summary>Memory that holds other memory in compressed form.</summary>
    public long? Compressed { get; init; }

    /// <summary>Swap space there is; 0 if there is none.</summary>
    public long? SwapTotal { get; init; }

    /// <summary>Swap space in use.</summary>
    public long? SwapUsed { get; init; }

    /// <summary>Bytes read back from swap since the system started.</summary>
    public long? SwappedIn { get; init; }

    /// <summary>Bytes written to swap since the system started.</summary>
    public long? SwappedOut { get; init; }

    /// <summary>Share of the last 10 s in which some task waited for memory, 0 to 1.</summary>
    public double? SomeWaiting { get; init; }

    /// <summary>Share of the last 10 s in which all tasks waited for memory, 0 to 1.</summary>
    public double? AllWaiting { get; init; }

    /// <summary>Seconds in which some task waited for memory, since the system started.</summary>
    public double? SomeWaitingSeconds { get; init; }

    /// <summary>Seconds in which all tasks waited for memory, since the system started.</summary>
    public double? AllWaitingSeconds { get; init; }

    /// <summary>The system's own word for pressure: 0 normal, 1 warning, 2 critical.</summary>
    public int? PressureLevel { get; init; }

    /// <summary>What this process alone takes of <see cref="Used"/>: its memory without mapped files.</summary>
    public long? ProcessUsed { get; init; }

    /// <summary>Of this process, memory that stays where it is: locked or wired.</summary>
    public long? ProcessLocked { get; init; }

    /// <summary>Of this process, memory in swap.</summary>
    public long? ProcessSwapped { get; init; }

    /// <summary>Times that this process waited for a page to be read from a disk.</summary>
    public long? MajorFaults { get; init; }

    /// <summary>Times that a page of this process was there but not yet its own.</summary>
    public long? MinorFaults { get; init; }

    /// <summary>Memory that the GPU may hold at once without losing speed; null where it has memory of its own.</summary>
    public long? RecommendedWorkingSet { get; init; }

    /// <summary>Memory that this process has allocated for the GPU.</summary>
    public long? WorkingSet { get; init; }
}
