namespace InferenceServer.Telemetry.Memory;

/// <summary>One system's way to tell of its memory. One thread at a time.</summary>
internal interface IMemorySource
{
    /// <summary>What it says now; throws nothing for what the system does not tell.</summary>
    MemoryReading Read();
}
