using InferenceServer.Inference.Models.Planning;

namespace InferenceServer.Server.Machines;

/// <summary>What a plan needs to know of a machine, this one or another. Immutable.</summary>
internal sealed record Machine
{
    /// <summary>As the table shows it.</summary>
    public required string Name { get; init; }

    /// <summary>What computes.</summary>
    public required DeviceFamily Family { get; init; }

    /// <summary>What bounds the memory.</summary>
    public required IReadOnlyList<MemoryLimit> Limits { get; init; }

    /// <summary>The chip that computes; null if it is not in the table.</summary>
    public Chip? Chip { get; init; }

    /// <summary>Memory bandwidth in bytes per second: the chip's, or measured on this machine; null if neither is known.</summary>
    public double? BytesPerSecond { get; init; }

    /// <summary>True if <see cref="BytesPerSecond"/> was measured, by reading memory on all cores.</summary>
    public bool IsMeasured { get; init; }
}
