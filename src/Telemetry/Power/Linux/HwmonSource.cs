namespace InferenceServer.Telemetry.Power.Linux;

/// <summary>
/// Sensors of the kernel's drivers below <c>/sys/class/hwmon</c>: AMD and Intel GPUs, the power meter of servers' ACPI, sockets of AMD
/// servers; other chips' watts are shown and count for nothing.
/// </summary>
internal sealed class HwmonSource : IPowerSource
{
    /// <summary>Provider name.</summary>
    public const string Provider = "hwmon";

    /// <summary>Where the chips are, below the kernel's folder of devices.</summary>
    public const string Folder = "class/hwmon";

    private readonly IReadOnlyList<HwmonSensor> _sensors;
    private readonly SysfsNumber[] _files;

    private HwmonSource(IReadOnlyList<HwmonSensor> sensors)
    {
        _sensors = sensors;
        _files = [.. sensors.Select(sensor => SysfsNumber.Open(sensor.FileName))];
        Channels = [.. sensors.Select(sensor => sensor.Channel)];
    }

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    public IReadOnlyList<PowerChannel> Channels { get; }

    /// <summary>Opens what there is.</summary>
    /// <param name="root">Normally <c>/sys/class/hwmon</c>.</param>
    public static PowerOpening Open(string root)
    {
        if (!Directory.Exists(root))
        {
            return PowerOpening.Missing(ChannelFault.NotFound, $"{root} does not exist: a virtual machine, or a container that hides it");
        }

        var sensors = SysfsText.Folders(root).SelectMany(HwmonSensor.Find).ToList();
        return sensors.Count > 0
            ? PowerOpening.Of(new HwmonSource(sensors))
            : PowerOpening.Missing(ChannelFault.NotFound, $"no chip below {root} tells watts or joules");
    }

    /// <inheritdoc/>
    public void Read(double now, Span<PowerReading> readings)
    {
        for (var i = 0; i < _files.Length; i++)
        {
            var fault = _files[i].Read(out var value);
            readings[i] = fault == ChannelFault.None ? PowerReading.Of(value * _sensors[i].Unit, now) : PowerReading.Missing(fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }
    }
}
