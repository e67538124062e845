using InferenceServer.Telemetry.Memory;
using InferenceServer.Telemetry.Memory.Linux;
using InferenceServer.Testing;

namespace InferenceServer.Telemetry.Tests.Memory.Linux;

public sealed class LinuxMemoryTests : IDisposable
{
    private readonly SysfsTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void Read_OfAMachine_TellsEverything()
    {
        _tree.Write("proc/meminfo", "MemTotal:       1000 kB\nMemFree:  100 kB\nMemAvailable:    400 kB\nSwapTotal:       50 kB\nSwapFree:       20 kB\nMlocked:    7 kB");
        _tree.Write("proc/pressure/memory", "some avg10=50.00 avg60=0 avg300=0 total=2000000\nfull avg10=25.00 avg60=0 avg300=0 total=1000000");
        _tree.Write("proc/self/status", "Name:\tserver\nVmLck:\t  5 kB\nRssAnon:\t 300 kB\nRssFile:\t 900 kB\nRssShmem:\t 10 kB\nVmSwap:\t 3 kB");
        _tree.Write("proc/self/stat", "1 (x) S 1 1 1 0 -1 0 11 0 22 0");
        _tree.Write("proc/vmstat", "pswpin 4\npswpout 5");
        using var memory = new LinuxMemory(Path.Combine(_tree.Root, "proc"), Path.Combine(_tree.Root, "cgroup"));
        Assert.Equal(
            new MemoryReading
            {
                Total = 1000 << 10,
                Used = 600 << 10,
                Locked = 7 << 10,
                SwapTotal = 50 << 10,
                SwapUsed = 30 << 10,
                SwappedIn = 4 * Environment.SystemPageSize,
                SwappedOut = 5 * Environment.SystemPageSize,
                SomeWaiting = 0.5,
                SomeWaitingSeconds = 2,
                AllWaiting = 0.25,
                AllWaitingSeconds = 1,
                ProcessUsed = 310 << 10,
                ProcessLocked = 5 << 10,
                ProcessSwapped = 3 << 10,
                MinorFaults = 11,
                MajorFaults = 22,
            },
            memory.Read());
    }

    [Fact]
    public void Pressure_OfAContainer_ComesBeforeTheMachines()
    {
        _tree.Write("proc/pressure/memory", "some avg10=1.00 avg60=0 avg300=0 total=1");
        _tree.Write("cgroup/memory.pressure", "some avg10=90.00 avg60=0 avg300=0 total=1");
        using var memory = new LinuxMemory(Path.Combine(_tree.Root, "proc"), Path.Combine(_tree.Root, "cgroup"));
        Assert.Equal(0.9, memory.Read().SomeWaiting);
    }

    [Fact]
    public void Read_OfNothing_TellsNothing()
    {
        using var memory = new LinuxMemory(Path.Combine(_tree.Root, "proc"), Path.Combine(_tree.Root, "cgroup"));
        Assert.Equal(default, memory.Read());
    }

    [SkippableFact]
    public void Read_OfThisMachine_IsSound()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "This is not Linux.");
        using var memory = new LinuxMemory();
        var reading = memory.Read();
        Assert.InRange(reading.Used!.Value, 1, reading.Total!.Value);
        Assert.InRange(reading.ProcessUsed!.Value, 1 << 20, reading.Total!.Value);
        Assert.True(reading.MinorFaults > 0);
    }

    [SkippableFact]
    public void Read_Again_AllocatesNothing()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "This is not Linux.");
        using var memory = new LinuxMemory();
        memory.Read();
        var before = GC.GetAllocatedBytesForCurrentThread();
        memory.Read();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
