using System.Text;

namespace InferenceServer.Telemetry.Power.Nvidia;

/// <summary>One GPU: what it can tell, found out by asking once, and its readings. One thread at a time.</summary>
internal sealed class NvmlGpu
{
    // HwSlowdown, SwThermalSlowdown, HwThermalSlowdown. Not the power cap, which is the normal state of a GPU at work.
    private const ulong ThermalReasons = 0x8 | 0x20 | 0x40;
    private const double Milli = 1e-3, Percent = 1e-2, Mega = 1e6;

    private readonly nint _device;
    private readonly List<PowerChannel> _channels = [];
    private readonly List<Func<double, PowerReading>> _reads = [];

    private NvmlGpu(nint device, Func<(double Used, double Total)?> unifiedMemory, EngineProcess engine)
    {
        _device = device;
        var gpu = Describe(device);
        var hasEnergy = NvmlApi.nvmlDeviceGetTotalEnergyConsumption(device, out _) == NvmlStatus.Success;
        var hasPower = NvmlApi.nvmlDeviceGetPowerUsage(device, out _) == NvmlStatus.Success;
        var hasUtilization = NvmlApi.nvmlDeviceGetUtilizationRates(device, out _) == NvmlStatus.Success;

        // Told even where they are missing: an owner should see that there is no number, and why.
        Add(gpu with
        {
            Quantity = PowerQuantity.Energy,
            Boundary = hasEnergy || !hasPower ? EnergyBoundary.Gpu : EnergyBoundary.None,
            TellsPower = !hasPower,
            Load = hasUtilization ? LoadSignal.Utilization : LoadSignal.None,
        }, ReadEnergy);
        Add(gpu with
        {
            Quantity = PowerQuantity.Power,
            Boundary = hasEnergy ? EnergyBoundary.None : EnergyBoundary.Gpu,
            TellsEnergy = !hasEnergy,
            Note = "a mean of 1 s on Ampere and newer",
        }, ReadPower);
        Add(gpu with { Quantity = PowerQuantity.Utilization, Note = "share of time with a kernel running" }, ReadUtilization);
        Add(gpu with { Quantity = PowerQuantity.Temperature }, ReadTemperature);
        Add(gpu with { Quantity = PowerQuantity.Frequency }, ReadFrequency);
        Add(gpu with { Quantity = PowerQuantity.Throttled }, ReadThrottled);
        AddMemory(gpu, unifiedMemory);
        Processes = NvmlProcesses.TryCreate(device, engine);
        if (Processes is not null)
        {
            foreach (var self in new[] { true, false })
            {
                var process = gpu with { Process = self ? "self" : "other" };
                Add(process with { Quantity = PowerQuantity.ProcessTime, Note = "added up from samples of utilization" }, now => Processes.ReadTime(self, now));
                Add(process with { Quantity = PowerQuantity.ProcessMemory }, now => Processes.ReadMemory(self, now));
            }
        }
    }

    /// <summary>What it can tell.</summary>
    public IReadOnlyList<PowerChannel> Channels => _channels;

    private NvmlProcesses? Processes { get; }

    /// <summary>Finds out what a device can tell.</summary>
    /// <param name="index">Its index.</param>
    /// <param name="unifiedMemory">The machine's memory in bytes, for GPUs that have none of their own.</param>
    /// <param name="engine">The process that counts as ours.</param>
    public static NvmlGpu Open(uint index, Func<(double Used, double Total)?> unifiedMemory, EngineProcess engine)
    {
        NvmlException.ThrowIfFailed(NvmlApi.nvmlDeviceGetHandleByIndex_v2(index, out var device));
        return new NvmlGpu(device, unifiedMemory, engine);
    }

    /// <summary>Reads every channel.</summary>
    public void Read(double now, Span<PowerReading> readings)
    {
        Processes?.Update(now);
        for (var i = 0; i < _channels.Count; i++)
        {
            readings[i] = _reads[i](now);
        }
    }

    private static PowerChannel Describe(nint device)
    {
        Span<byte> text = stackalloc byte[96];
        NvmlException.ThrowIfFailed(NvmlApi.nvmlDeviceGetUUID(device, text, (uint)text.Length));
        var uuid = ToText(text);
        var name = NvmlApi.nvmlDeviceGetName(device, text, (uint)text.Length) == NvmlStatus.Success ? ToText(text) : "NVIDIA GPU";
        return new PowerChannel { Id = $"{NvmlSource.Provider}/{uuid}", Type = "gpu", Name = name, Quantity = PowerQuantity.Power };
    }

    private static string ToText(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes[..Math.Max(0, bytes.IndexOf((byte)0))]);

    private void Add(PowerChannel channel, Func<double, PowerReading> read)
    {
        _channels.Add(channel);
        _reads.Add(read);
    }

    private void AddMemory(PowerChannel gpu, Func<(double Used, double Total)?> unifiedMemory)
    {
        if (NvmlApi.nvmlDeviceGetMemoryInfo(_device, out _) == NvmlStatus.NotSupported)
        {
            var unified = gpu with { Note = "unified: the machine's memory" };
            Add(unified with { Quantity = PowerQuantity.MemoryUsage }, now => Of(unifiedMemory()?.Used, now));
            Add(unified with { Quantity = PowerQuantity.MemoryLimit }, now => Of(unifiedMemory()?.Total, now));
            return;
        }

        Add(gpu with { Quantity = PowerQuantity.MemoryUsage }, now => Of(NvmlApi.nvmlDeviceGetMemoryInfo(_device, out var memory), memory.Used, now));
        Add(gpu with { Quantity = PowerQuantity.MemoryLimit }, now => Of(NvmlApi.nvmlDeviceGetMemoryInfo(_device, out var memory), memory.Total, now));
    }

    private PowerReading ReadEnergy(double now) => Of(NvmlApi.nvmlDeviceGetTotalEnergyConsumption(_device, out var millijoules), millijoules * Milli, now);

    private PowerReading ReadPower(double now) => Of(NvmlApi.nvmlDeviceGetPowerUsage(_device, out var milliwatts), milliwatts * Milli, now);

    private PowerReading ReadUtilization(double now) => Of(NvmlApi.nvmlDeviceGetUtilizationRates(_device, out var rates), rates.Gpu * Percent, now);

    private PowerReading ReadTemperature(double now) => Of(NvmlApi.nvmlDeviceGetTemperature(_device, 0, out var degrees), degrees, now);

    private PowerReading ReadFrequency(double now) => Of(NvmlApi.nvmlDeviceGetClockInfo(_device, 0, out var megahertz), megahertz * Mega, now);

    private PowerReading ReadThrottled(double now) =>
        Of(NvmlApi.nvmlDeviceGetCurrentClocksThrottleReasons(_device, out var reasons), (reasons & ThermalReasons) != 0 ? 1 : 0, now);

    private static PowerReading Of(NvmlStatus status, double value, double now) => status switch
    {
        NvmlStatus.Success => PowerReading.Of(value, now),

        // The driver went away: only a new start helps.
        NvmlStatus.Uninitialized or NvmlStatus.DriverNotLoaded => throw new NvmlException(status),
        NvmlStatus.NoPermission => PowerReading.Missing(ChannelFault.Permission),
        NvmlStatus.NotSupported or NvmlStatus.FunctionNotFound => PowerReading.Missing(ChannelFault.NotSupported),
        _ => PowerReading.Missing(ChannelFault.Failed),
    };

    private static PowerReading Of(double? value, double now) => value is { } there ? PowerReading.Of(there, now) : PowerReading.Missing(ChannelFault.NotSupported);
}
