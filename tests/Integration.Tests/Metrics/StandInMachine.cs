using System.Diagnostics;
using System.Text;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Metrics;

/// <summary>
/// A machine that measures itself: a processor package whose counter runs, a meter of the whole machine, and two GPUs of NVIDIA's. The kernel's
/// files and the driver's library are stand-ins; everything that reads them is real.
/// </summary>
internal sealed class StandInMachine : IDisposable
{
    /// <summary>What the package takes, all the time.</summary>
    public const double CpuWatts = 45;

    /// <summary>What the whole machine takes, all the time.</summary>
    public const double SystemWatts = 400;

    /// <summary>What both GPUs take together, all the time.</summary>
    public const double GpuWatts = 311;

    private const string Package = "class/powercap/intel-rapl:0";

    private readonly SysfsTree _tree = new();
    private readonly CompiledLibrary _nvml = new("Telemetry.Tests/Power/Nvidia/nvml.c");
    private readonly Microsoft.Win32.SafeHandles.SafeFileHandle _counter;
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private readonly ManualResetEventSlim _ended = new();
    private readonly Thread _thread;

    public StandInMachine()
    {
        _tree.Write($"{Package}/name", "package-0");
        _tree.Write($"{Package}/max_energy_range_uj", 262_143_328_850);
        _tree.Write($"{Package}/energy_uj", 0);
        _tree.Write("class/hwmon/hwmon0/name", "power_meter");
        _tree.Write("class/hwmon/hwmon0/power1_average", (long)(SystemWatts * 1e6));
        _counter = File.OpenHandle(Path.Combine(_tree.Root, Package, "energy_uj"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);

        // A thread of its own: a counter that waits for the pool of a busy test process stands still, which is 0 watts.
        _thread = new Thread(Count) { IsBackground = true, Name = "stand-in-counter" };
        _thread.Start();
    }

    /// <summary>The reason to skip a test of GPUs with; null if they are there.</summary>
    public string? WhyNoGpu => _nvml.WhyMissing;

    /// <summary>Settings of a server on this machine.</summary>
    public (string Key, string Value)[] Settings =>
    [
        ("Power:SysFolder", _tree.Root),
        .. WhyNoGpu is null ? new[] { ("Power:NvmlLibrary", _nvml.Path) } : [],
    ];

    public void Dispose()
    {
        _ended.Set();
        _thread.Join();
        _ended.Dispose();
        _counter.Dispose();
        _tree.Dispose();
        _nvml.Dispose();
    }

    // Always of the same length and in one piece: who reads at the same time finds a whole number.
    private void Count()
    {
        do
        {
            RandomAccess.Write(_counter, Encoding.ASCII.GetBytes($"{(long)(Stopwatch.GetElapsedTime(_startedAt).TotalMicroseconds * CpuWatts):D18}\n"), 0);
        }
        while (!_ended.Wait(20));
    }
}
