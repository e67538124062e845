namespace InferenceServer.Telemetry.Power.Linux;

/// <summary>
/// The energy counters of Intel's and AMD's processors, as the kernel shows them below <c>/sys/class/powercap</c>: microjoules that wrap
/// around. The kernel updates them about every millisecond.
/// </summary>
internal sealed class RaplSource : IPowerSource
{
    /// <summary>Provider name.</summary>
    public const string Provider = "rapl";

    /// <summary>Where the counters are, below the kernel's folder of devices.</summary>
    public const string Folder = "class/powercap";

    private const double JoulesPerUnit = 1e-6;

    // No package takes 10 kW.
    private const double MaxMicrowatts = 1e10;

    private readonly SysfsNumber[] _files;
    private readonly WrappingCounter[] _counters;

    private RaplSource(IReadOnlyList<RaplZone> zones)
    {
        Channels = [.. zones.Select(ToChannel)];
        _files = [.. zones.Select(zone => SysfsNumber.Open(Path.Combine(zone.Folder, "energy_uj")))];
        _counters = [.. zones.Select(zone => new WrappingCounter(RangeOf(zone), MaxMicrowatts))];
    }

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public IReadOnlyList<PowerChannel> Channels { get; }

    /// <summary>Opens what there is.</summary>
    /// <param name="root">Normally <c>/sys/class/powercap</c>.</param>
    /// <param name="isAmd">True: the processor is AMD's or Hygon's, whose zone <c>core</c> is one core of many; null looks.</param>
    public static PowerOpening Open(string root, bool? isAmd = null)
    {
        if (!Directory.Exists(root))
        {
            return PowerOpening.Missing(ChannelFault.NotFound, $"{root} does not exist: a virtual machine, or a kernel without the driver (modprobe intel_rapl_msr)");
        }

        var skipsCores = isAmd ?? IsAmd(SysfsText.Read("/proc/cpuinfo"));
        var zones = RaplZone.Find(root).Where(zone => !(skipsCores && zone.Name == "core")).ToList();
        if (zones.Count == 0)
        {
            return PowerOpening.Missing(
                ChannelFault.NotFound, $"{root} has no zones: a virtual machine, a container that hides them, or a kernel without the driver (modprobe intel_rapl_msr)");
        }

        var source = new RaplSource(zones);
        return PowerOpening.Of(source, source.WhyIncomplete(root));
    }

    /// <inheritdoc/>
    public void Read(double now, Span<PowerReading> readings)
    {
        for (var i = 0; i < _files.Length; i++)
        {
            var fault = _files[i].Read(out var microjoules);
            readings[i] = fault == ChannelFault.None
                ? PowerReading.Of(_counters[i].Update(microjoules, now) * JoulesPerUnit, now)
                : PowerReading.Missing(fault);
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

    /// <summary>True if <c>/proc/cpuinfo</c> tells of AMD or Hygon.</summary>
    internal static bool IsAmd(string? processors) =>
        processors is not null && (processors.Contains("AuthenticAMD", StringComparison.Ordinal) || processors.Contains("HygonGenuine", StringComparison.Ordinal));

    private static PowerChannel ToChannel(RaplZone zone) => new()
    {
        Id = $"{Provider}/{zone.Path}",
        Type = zone.Name switch
        {
            "dram" => "memory",
            _ when zone.Name.StartsWith("psys", StringComparison.Ordinal) => "platform",
            _ => "cpu",
        },
        Name = zone.Path,
        Quantity = PowerQuantity.Energy,

        // On servers the memory is beside the package, not in it.
        Parent = zone.Parent is null || zone.Name == "dram" ? null : $"{Provider}/{zone.Parent}",
        Boundary = zone.Parent is null && zone.Name.StartsWith("package", StringComparison.Ordinal) ? EnergyBoundary.Cpu : EnergyBoundary.None,
        Load = zone.Name.StartsWith("package", StringComparison.Ordinal) ? LoadSignal.Engine : LoadSignal.None,
        Note = zone.Name.StartsWith("psys", StringComparison.Ordinal) ? "the platform as the chip set sees it; wrong on some laptops, so it counts for no boundary" : null,
    };

    private static long RangeOf(RaplZone zone)
    {
        using var file = SysfsNumber.Open(Path.Combine(zone.Folder, "max_energy_range_uj"));
        return file.Read(out var range) == ChannelFault.None ? range : 0;
    }

    private string? WhyIncomplete(string root) => _files.Any(file => file.Fault == ChannelFault.Permission)
        ? $"energy_uj may be read by root only since kernel 5.10: run as root, or let the server's group read it at every boot, for example chmod 0440 {root}/intel-rapl:0/energy_uj by tmpfiles.d"
        : null;
}
