using InferenceServer.Telemetry.Memory.Linux;
using InferenceServer.Telemetry.Power.Linux;
using InferenceServer.Telemetry.Power.MacOS;
using InferenceServer.Telemetry.Power.Nvidia;

namespace InferenceServer.Telemetry.Power;

/// <summary>The kinds of source for this system. The order matters: the first to open that fills a boundary fills it alone.</summary>
public static class PowerProviders
{
    /// <summary>Those that this machine may have.</summary>
    /// <param name="options">Validated.</param>
    /// <param name="clock">The time of samples that come by themselves.</param>
    /// <param name="engine">The process that counts as ours; null for this one.</param>
    public static IReadOnlyList<PowerProvider> ForThisSystem(PowerOptions options, TimeProvider clock, EngineProcess? engine = null)
    {
        engine ??= EngineProcess.Own;
        ArgumentNullException.ThrowIfNull(options);
        return !options.Enabled ? []
            : OperatingSystem.IsMacOS() ? ForMacOS(options, clock, engine)
            : OperatingSystem.IsLinux() ? ForLinux(options, engine)
            : [];
    }

    private static IReadOnlyList<PowerProvider> ForMacOS(PowerOptions options, TimeProvider clock, EngineProcess engine) =>
    [
        new(IOReportSource.Provider, IOReportSource.Open),
        new(SmcSource.Provider, SmcSource.Open),
        new(ThermalSource.Provider, ThermalSource.Open),
        new(AcceleratorSource.Provider, () => AcceleratorSource.Open(engine)),
        new(PowermetricsSource.Provider, () => PowermetricsSource.Open(options.Powermetrics, clock)),
    ];

    private static IReadOnlyList<PowerProvider> ForLinux(PowerOptions options, EngineProcess engine) =>
    [
        new(RaplSource.Provider, () => RaplSource.Open(Path.Combine(options.SysFolder, RaplSource.Folder))),

        // Before hwmon: beside a card of NVIDIA's, AMD's GPU is the small one in the processor.
        new(NvmlSource.Provider, () => NvmlSource.Open(options.NvmlLibrary, ReadMachineMemory, engine)),
        new(HwmonSource.Provider, () => HwmonSource.Open(Path.Combine(options.SysFolder, HwmonSource.Folder))),
    ];

    private static (double Used, double Total)? ReadMachineMemory()
    {
        using var memory = new LinuxMemory();
        return memory.Read() is { Used: { } used, Total: { } total } ? (used, total) : null;
    }
}
