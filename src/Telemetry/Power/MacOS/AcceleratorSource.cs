namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>
/// What the GPU's driver writes into the registry, without privilege: memory in use, and the time that every process has had of the GPU.
/// The properties have no documentation.
/// </summary>
internal sealed class AcceleratorSource : IPowerSource
{
    /// <summary>Provider name.</summary>
    public const string Provider = "accelerator";

    private const string Service = "IOAccelerator";

    private readonly CFObject _statistics = CFObject.Text("PerformanceStatistics");
    private readonly CFObject _inUse = CFObject.Text("In use system memory");
    private readonly CFObject _usage = CFObject.Text("AppUsage");
    private readonly CFObject _time = CFObject.Text("accumulatedGPUTime");
    private readonly CFObject _creator = CFObject.Text("IOUserClientCreator");
    private readonly ProcessGpuTime _times;
    private bool _hasTimes;
    private long? _bytesInUse;

    private AcceleratorSource(EngineProcess engine)
    {
        _times = new ProcessGpuTime(() => engine.Id);
        var gpu = new PowerChannel { Id = Provider + "/gpu", Type = "gpu", Name = "GPU", Quantity = PowerQuantity.MemoryUsage, Note = "of the machine's memory, by all processes" };
        var time = gpu with { Quantity = PowerQuantity.ProcessTime, Note = null };
        Channels = [gpu, time with { Process = "self" }, time with { Process = "other" }];
    }

    /// <inheritdoc/>
    /// <remarks>A walk over all connections takes some milliseconds.</remarks>
    public TimeSpan Interval => TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public IReadOnlyList<PowerChannel> Channels { get; }

    /// <summary>Opens it.</summary>
    public static PowerOpening Open() => Open(EngineProcess.Own);

    /// <summary>Opens it for a process that counts as ours.</summary>
    public static PowerOpening Open(EngineProcess engine)
    {
        if (!OperatingSystem.IsMacOS() && !SystemLibraries.IsReplaced(SystemLibraries.IOKit))
        {
            return PowerOpening.Missing(ChannelFault.NotFound, "this is not macOS");
        }

        if (!SystemLibraries.TryLoad(SystemLibraries.CoreFoundation) || !SystemLibraries.TryLoad(SystemLibraries.IOKit))
        {
            return PowerOpening.Missing(ChannelFault.NotFound, "IOKit cannot be loaded");
        }

        var isThere = false;
        IORegistry.VisitServices(Service, _ => !(isThere = true));
        return isThere
            ? PowerOpening.Of(new AcceleratorSource(engine))
            : PowerOpening.Missing(ChannelFault.NotFound, $"the registry has no {Service}: a virtual machine");
    }

    /// <inheritdoc/>
    public void Read(double now, Span<PowerReading> readings)
    {
        _bytesInUse = null;
        _hasTimes = false;
        IORegistry.VisitServices(Service, VisitAccelerator);
        _times.EndLook();
        readings[0] = _bytesInUse is { } bytes ? PowerReading.Of(bytes, now) : PowerReading.Missing(ChannelFault.NotSupported);
        readings[1] = _hasTimes ? PowerReading.Of(_times.Self, now) : PowerReading.Missing(ChannelFault.NotSupported);
        readings[2] = _hasTimes ? PowerReading.Of(_times.Other, now) : PowerReading.Missing(ChannelFault.NotSupported);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var text in new[] { _statistics, _inUse, _usage, _time, _creator })
        {
            text.Dispose();
        }
    }

    private bool VisitAccelerator(uint accelerator)
    {
        // Some of the statistics only exist when all properties are asked for.
        using var properties = IORegistry.GetProperties(accelerator);
        if (properties is not null && CFObject.ReadNumber(CFObject.ReadValue(CFObject.ReadValue(properties.Value, _statistics), _inUse)) is { } bytes)
        {
            _bytesInUse = (_bytesInUse ?? 0) + bytes;
        }

        // Connections are no services of their own: they are found below the accelerator only.
        IORegistry.VisitChildren(accelerator, VisitConnection);
        return true;
    }

    private bool VisitConnection(uint connection)
    {
        using var usage = IORegistry.GetProperty(connection, _usage);
        using var creator = IORegistry.GetProperty(connection, _creator);
        if (usage is null || creator is null || ProcessGpuTime.ParseCreator(CFObject.ReadText(creator.Value)) is not { } process
            || IOKitApi.IORegistryEntryGetRegistryEntryID(connection, out var id) != 0)
        {
            return true;
        }

        // One entry for each interface (Metal, OpenGL).
        var nanoseconds = 0L;
        for (nint i = 0; i < CFObject.CountItems(usage.Value); i++)
        {
            var entry = CoreFoundationApi.CFArrayGetValueAtIndex(usage.Value, i);
            nanoseconds += CFObject.ReadNumber(CFObject.ReadValue(entry, _time)) ?? 0;
        }

        _times.Observe(id, process, nanoseconds);
        _hasTimes = true;
        return true;
    }
}
