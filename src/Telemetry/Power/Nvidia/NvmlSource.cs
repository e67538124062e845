namespace InferenceServer.Telemetry.Power.Nvidia;

/// <summary>NVIDIA's GPUs through the driver's management library. Closing it shuts the library down for us.</summary>
internal sealed class NvmlSource : IPowerSource
{
    /// <summary>Provider name.</summary>
    public const string Provider = "nvml";

    private readonly NvmlGpu[] _gpus;
    private bool _isClosed;

    private NvmlSource(NvmlGpu[] gpus)
    {
        _gpus = gpus;
        Channels = [.. gpus.SelectMany(gpu => gpu.Channels)];
    }

    /// <inheritdoc/>
    /// <remarks>Energy counters change every 20 to 100 ms.</remarks>
    public TimeSpan Interval => TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public IReadOnlyList<PowerChannel> Channels { get; }

    /// <summary>Opens what there is.</summary>
    /// <param name="library">Where the library is; null searches.</param>
    /// <param name="unifiedMemory">The machine's memory in bytes, for GPUs that have none of their own; null where it is not known.</param>
    /// <param name="engine">The process that counts as ours; null for this one.</param>
    public static PowerOpening Open(string? library, Func<(double Used, double Total)?> unifiedMemory, EngineProcess? engine = null)
    {
        if (!SystemLibraries.TryLoad(SystemLibraries.Nvml, library))
        {
            return PowerOpening.Missing(ChannelFault.NotFound, $"{library ?? "libnvidia-ml.so.1"} cannot be loaded: no NVIDIA driver");
        }

        var status = NvmlApi.nvmlInit_v2();
        if (status == NvmlStatus.DriverNotLoaded)
        {
            return PowerOpening.Missing(ChannelFault.NotFound, "the library is there, but NVIDIA's driver is not loaded");
        }

        NvmlException.ThrowIfFailed(status);
        try
        {
            NvmlException.ThrowIfFailed(NvmlApi.nvmlDeviceGetCount_v2(out var count));
            if (count == 0)
            {
                NvmlApi.nvmlShutdown();
                return PowerOpening.Missing(ChannelFault.NotFound, "NVIDIA's driver knows of no GPU");
            }

            return PowerOpening.Of(new NvmlSource([.. Enumerable.Range(0, (int)count).Select(index => NvmlGpu.Open((uint)index, unifiedMemory, engine ?? EngineProcess.Own))]));
        }
        catch
        {
            NvmlApi.nvmlShutdown();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Read(double now, Span<PowerReading> readings)
    {
        foreach (var gpu in _gpus)
        {
            gpu.Read(now, readings[..gpu.Channels.Count]);
            readings = readings[gpu.Channels.Count..];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            NvmlApi.nvmlShutdown();
        }
    }
}
