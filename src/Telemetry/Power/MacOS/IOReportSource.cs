namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>
/// The energy counters of Apple's processors and the states of their GPU, read through IOReport without privilege. The GPU's counter is live;
/// those of processor, neural engine and memory are written in batches about every two seconds, and on some machines not at all: every
/// reading carries the time its counter was written.
/// </summary>
internal sealed class IOReportSource : IPowerSource
{
    /// <summary>Provider name.</summary>
    public const string Provider = "ioreport";

    /// <summary>The GPU's <c>hw.id</c>.</summary>
    public const string GpuId = Provider + "/gpu";

    private const string AneId = Provider + "/ane";
    private static readonly CompositeKey[] AneFloors = [new("SOC Floor", "ANE-AF-BW"), new("DCS Floor", "ANE-DCS-BW")];

    private readonly MachClock _clock;
    private readonly CFObject _rawElements = CFObject.Text("RawElements");
    private readonly List<PowerChannel> _channels = [];
    private readonly List<IDisposable> _owned = [];
    private readonly List<Action> _samples = [];
    private readonly byte[] _element = new byte[IOReportElement.Size];
    private PowerReading[] _readings = [];
    private double _now;
    private ulong _nowTicks;

    private IOReportSource(MachClock clock)
    {
        _clock = clock;
        _owned.Add(_rawElements);
    }

    /// <inheritdoc/>
    /// <remarks>A sample of the chosen channels costs some 10 ms of one core.</remarks>
    public TimeSpan Interval => TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    public IReadOnlyList<PowerChannel> Channels => _channels;

    /// <summary>Opens what there is.</summary>
    public static PowerOpening Open()
    {
        if (!OperatingSystem.IsMacOS() && !SystemLibraries.IsReplaced(SystemLibraries.IOReport))
        {
            return PowerOpening.Missing(ChannelFault.NotFound, "this is not macOS");
        }

        foreach (var library in new[] { SystemLibraries.CoreFoundation, SystemLibraries.IOKit, SystemLibraries.MacSystem, SystemLibraries.IOReport })
        {
            if (!SystemLibraries.TryLoad(library))
            {
                return PowerOpening.Missing(ChannelFault.NotFound, $"{library} cannot be loaded");
            }
        }

        var source = new IOReportSource(MachClock.Open());
        try
        {
            source.AddEnergy();
            source.AddGpuStates();
            source.AddAneFloors("PMP");
            source.AddAneFloors("PMP0");
        }
        catch
        {
            source.Dispose();
            throw;
        }

        if (source._channels.Count == 0)
        {
            source.Dispose();
            return PowerOpening.Missing(ChannelFault.NotFound, "IOReport has none of the channels: a virtual machine, or not one of Apple's processors");
        }

        source._readings = new PowerReading[source._channels.Count];
        return PowerOpening.Of(source, source._channels.Any(channel => channel.Id == GpuId && channel.Quantity == PowerQuantity.Energy) ? null : "there is no channel GPU Energy");
    }

    /// <inheritdoc/>
    public void Read(double now, Span<PowerReading> readings)
    {
        _now = now;
        _nowTicks = MacSystemApi.mach_absolute_time();

        // What a sample leaves out is not there.
        Array.Fill(_readings, PowerReading.Missing(ChannelFault.NotFound));
        foreach (var sample in _samples)
        {
            sample();
        }

        _readings.CopyTo(readings);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var owned in _owned)
        {
            owned.Dispose();
        }

        _owned.Clear();
    }

    private void AddEnergy()
    {
        if (Subscribe("Energy Model", all =>
            {
                var names = all.Select(channel => channel.Name).ToHashSet();
                return all.Where(channel => EnergyChannels.Describe(channel.Name, names) is not null && EnergyChannels.JoulesPer(channel.Unit) is not null);
            }) is not { } subscription)
        {
            return;
        }

        var first = _channels.Count;
        var chosen = subscription.Channels.Select(channel => channel.Name).ToHashSet();
        var units = subscription.Channels.Select(channel => EnergyChannels.JoulesPer(channel.Unit)!.Value).ToArray();
        _channels.AddRange(subscription.Channels.Select(channel => EnergyChannels.Describe(channel.Name, chosen)!));
        Action<int, nint> visit = (index, channel) => _readings[first + index] = ReadEnergy(channel, units[index]);
        _samples.Add(() => subscription.Sample(visit));
    }

    private PowerReading ReadEnergy(nint channel, double joulesPerUnit)
    {
        var value = IOReportApi.IOReportSimpleGetIntegerValue(channel, 0);
        if (value == IOReportApi.Error)
        {
            return PowerReading.Missing(ChannelFault.Failed);
        }

        var length = CFObject.ReadData(CFObject.ReadValue(channel, _rawElements), _element);
        var timestamp = IOReportElement.Read(_element.AsSpan(0, length))?.Timestamp ?? 0;
        return PowerReading.Of(value * joulesPerUnit, _clock.ToSeconds(timestamp, _nowTicks, _now));
    }

    private void AddGpuStates()
    {
        if (Subscribe("GPU Stats", all => all.Where(channel => channel is { Name: "GPUPH", SubGroup: "GPU Performance States" })) is not { } subscription)
        {
            return;
        }

        var first = _channels.Count;
        var meter = new ResidencyMeter([.. subscription.Channels[0].States.Select(ResidencyMeter.IsIdleState)], FrequencyTable.ReadGpu());
        var gpu = new PowerChannel { Id = GpuId, Type = "gpu", Name = "GPUPH", Quantity = PowerQuantity.Utilization };
        _channels.Add(gpu);
        _channels.Add(gpu with { Quantity = PowerQuantity.Frequency, Note = "mean while in use" });
        Action<int, nint> visit = (_, channel) =>
        {
            Update(meter, channel);
            _readings[first] = ToReading(meter.Active, ChannelFault.Starting);

            // While it rests it has no frequency.
            _readings[first + 1] = ToReading(meter.Frequency, meter.Active is null ? ChannelFault.Starting : meter.Active > 0 ? ChannelFault.NotSupported : ChannelFault.Idle);
        };
        _samples.Add(() => subscription.Sample(visit));
    }

    // No counter tells how busy the neural engine is. How long it asks the memory system for more than the least is what comes nearest.
    private void AddAneFloors(string group)
    {
        if (_channels.Exists(channel => channel.Id == AneId && channel.Quantity == PowerQuantity.Utilization)
            || Subscribe(group, all => all.Where(channel => channel.States.Count > 1 && AneFloors.Contains(new(channel.SubGroup, channel.Name)))) is not { } subscription)
        {
            return;
        }

        var index = _channels.Count;
        var meters = subscription.Channels.Select(channel => new ResidencyMeter([.. channel.States.Select((_, state) => state == 0)], [])).ToArray();
        _channels.Add(new PowerChannel
        {
            Id = AneId,
            Type = "npu",
            Name = "ane",
            Quantity = PowerQuantity.Utilization,
            Note = "share of time in which it asks for more than the least memory bandwidth (PMP floors)",
        });
        Action<int, nint> visit = (meter, channel) =>
        {
            Update(meters[meter], channel);
            var most = meters.Max(each => each.Active);
            _readings[index] = ToReading(most, ChannelFault.Starting);
        };
        _samples.Add(() => subscription.Sample(visit));
    }

    private IOReportSubscription? Subscribe(string group, Func<IReadOnlyList<IOReportChannel>, IEnumerable<IOReportChannel>> choose)
    {
        var subscription = IOReportSubscription.Open(group, choose);
        if (subscription is not null)
        {
            // Before the strings that it uses.
            _owned.Insert(0, subscription);
        }

        return subscription;
    }

    private static void Update(ResidencyMeter meter, nint channel)
    {
        Span<long> residencies = stackalloc long[meter.Count];
        for (var state = 0; state < residencies.Length; state++)
        {
            residencies[state] = IOReportApi.IOReportStateGetResidency(channel, state);
        }

        meter.Update(residencies);
    }

    private PowerReading ToReading(double? value, ChannelFault otherwise) => value is { } there ? PowerReading.Of(there, _now) : PowerReading.Missing(otherwise);

    private readonly record struct CompositeKey(string? SubGroup, string Name);
}
