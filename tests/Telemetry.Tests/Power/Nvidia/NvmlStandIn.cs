using InferenceServer.Testing;

namespace InferenceServer.Telemetry.Tests.Power.Nvidia;

/// <summary>The stand-in for NVIDIA's library. One for the process: a loaded library stays.</summary>
public sealed class NvmlStandIn : IDisposable
{
    internal CompiledLibrary Library { get; } = new("Telemetry.Tests/Power/Nvidia/nvml.c");

    public void Dispose() => Library.Dispose();
}
