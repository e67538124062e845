namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>How much heat holds the machine back, as the system tells everybody: a name of notify(3), without privilege. It rises within half a minute of work.</summary>
internal sealed class ThermalSource : IPowerSource
{
    /// <summary>Provider name.</summary>
    public const string Provider = "thermal";

    private const string NotifyName = "com.apple.system.thermalpressurelevel";

    // Nominal, moderate, heavy, trapping, sleeping.
    private const ulong MaxLevel = 4;

    // From here on the system slows processors down.
    private const ulong Heavy = 2;

    private readonly int _token;

    private ThermalSource(int token) => _token = token;

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public IReadOnlyList<PowerChannel> Channels { get; } =
    [
        new PowerChannel { Id = Provider + "/system", Type = "host", Name = "thermal pressure", Quantity = PowerQuantity.ThermalPressure },
        new PowerChannel { Id = Provider + "/system", Type = "host", Name = "thermal pressure", Quantity = PowerQuantity.Throttled, Note = "pressure heavy or worse" },
    ];

    /// <summary>Opens it.</summary>
    public static PowerOpening Open()
    {
        if (!OperatingSystem.IsMacOS() && !SystemLibraries.IsReplaced(SystemLibraries.MacSystem))
        {
            return PowerOpening.Missing(ChannelFault.NotFound, "this is not macOS");
        }

        return SystemLibraries.TryLoad(SystemLibraries.MacSystem) && MacSystemApi.notify_register_check(NotifyName, out var token) == 0
            ? PowerOpening.Of(new ThermalSource(token))
            : PowerOpening.Missing(ChannelFault.NotSupported, $"{NotifyName} cannot be watched");
    }

    /// <inheritdoc/>
    public void Read(double now, Span<PowerReading> readings)
    {
        var isKnown = MacSystemApi.notify_get_state(_token, out var level) == 0 && level <= MaxLevel;
        readings[0] = isKnown ? PowerReading.Of(level, now) : PowerReading.Missing(ChannelFault.NotSupported);
        readings[1] = isKnown ? PowerReading.Of(level >= Heavy ? 1 : 0, now) : PowerReading.Missing(ChannelFault.NotSupported);
    }

    /// <inheritdoc/>
    public void Dispose() => _ = MacSystemApi.notify_cancel(_token);
}
