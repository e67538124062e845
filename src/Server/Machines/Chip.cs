namespace InferenceServer.Server.Machines;

/// <summary>A chip that computes, as its vendor and those who measured it describe it.</summary>
internal sealed record Chip
{
    /// <summary>Bytes of weights beyond which reading them is nearly all of a step's time.</summary>
    public const double LargeModel = 30e9;

    /// <summary>As the system names it, without its vendor: <c>M4 Max</c>, <c>RTX 4090</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Nominal memory bandwidth in GB/s, 10^9 bytes.</summary>
    public required double Bandwidth { get; init; }

    /// <summary>Peak of 32-bit arithmetic in TFLOPS; null where prefill cannot be estimated from it.</summary>
    public double? Teraflops { get; init; }

    /// <summary>What memory it has.</summary>
    public required ChipMemory Memory { get; init; }

    /// <summary>Memory sizes, in GB, of machines with this variant where a chip of the same name has another one for all other sizes; null where there is one variant.</summary>
    public IReadOnlyList<int>? OnlyWith { get; init; }

    /// <summary>Share of the bandwidth that decoding of models beyond <see cref="LargeModel"/> was seen to reach, from and to.</summary>
    public (double Low, double High) DecodeShare { get; init; }

    /// <summary>Share of the peak of 32-bit arithmetic that prefill was seen to reach; above 1 where matrix units beside it help.</summary>
    public (double Low, double High) PrefillShare { get; init; }

    /// <summary>Nominal memory bandwidth in bytes per second.</summary>
    public double BytesPerSecond => Bandwidth * 1e9;
}

/// <summary>What memory a chip computes in.</summary>
internal enum ChipMemory
{
    /// <summary>The machine's, of which macOS lets the GPU have a share.</summary>
    Apple,

    /// <summary>The machine's.</summary>
    Shared,

    /// <summary>Its own.</summary>
    Own,
}
