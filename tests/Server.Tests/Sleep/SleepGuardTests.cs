using InferenceServer.Server.Hosting;
using InferenceServer.Server.Sleep;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Server.Tests.Sleep;

/// <summary>When the machine is kept awake.</summary>
public sealed class SleepGuardTests
{
    private int _numTaken;
    private int _numReleased;

    [Fact]
    public async Task Always_HoldsOneLockUntilTheServerEnds()
    {
        using var guard = Create("always", out _);
        await guard.StartAsync(default);
        await TestApp.UntilAsync(() => _numTaken == 1);
        await Task.Delay(50);
        Assert.Equal((1, 0), (_numTaken, _numReleased));
        await guard.StopAsync(default);
        Assert.Equal((1, 1), (_numTaken, _numReleased));
    }

    [Fact]
    public async Task Requests_HoldsALockWhileARequestRunsAndAWhileLonger()
    {
        using var guard = Create("requests", out var drain);
        await guard.StartAsync(default);
        await Task.Delay(50);
        Assert.Equal(0, _numTaken);
        Assert.True(drain.TryEnter());
        await TestApp.UntilAsync(() => _numTaken == 1);
        await Task.Delay(50);
        Assert.Equal(0, _numReleased);
        drain.Leave();
        await TestApp.UntilAsync(() => _numReleased == 1);
        Assert.True(drain.TryEnter());
        await TestApp.UntilAsync(() => _numTaken == 2);
        drain.Leave();
        await guard.StopAsync(default);
        Assert.Equal((2, 2), (_numTaken, _numReleased));
    }

    [Theory]
    [InlineData("never", null)]
    [InlineData("always", "refused")]
    public async Task NeverOrRefused_AsksAtMostOnce(string mode, string? failure)
    {
        using var guard = Create(mode, out _, failure);
        await guard.StartAsync(default);
        await guard.ExecuteTask!.WaitAsync(TestApp.Patience);
        Assert.Equal((failure is null ? 0 : 1, 0), (_numTaken, _numReleased));
    }

    [SkippableFact]
    public async Task LogindLock_LivesAsLongAsItIsHeld()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "systemd is Linux's.");
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            // As systemd-inhibit does: runs the command behind the options.
            var (program, log) = (Path.Combine(folder.FullName, "inhibit"), Path.Combine(folder.FullName, "log"));
            await File.WriteAllTextAsync(program, $"#!/bin/sh\necho \"$*\" > '{log}.new'; mv '{log}.new' '{log}'\nwhile [ $# -gt 1 ]; do shift; done\n\"$1\"\necho done >> '{log}'\n");
            Assert.True(OperatingSystem.IsWindows() || Allow(program));
            var held = LogindWakeLock.Take(program, "a reason");
            Assert.Null(held.Failure);
            await TestApp.UntilAsync(() => File.Exists(log));
            Assert.Equal("--what=idle --mode=block --who=inference-server --why=a reason cat\n", await File.ReadAllTextAsync(log));
            held.Dispose();
            await TestApp.UntilAsync(() => File.ReadAllText(log).EndsWith("done\n", StringComparison.Ordinal));

            await File.WriteAllTextAsync(program, "#!/bin/sh\necho 'Access denied' >&2; exit 1\n");
            Assert.Equal("Access denied", LogindWakeLock.Take(program, "a reason").Failure);
            Assert.Equal("there is no /no/such/program", LogindWakeLock.Take("/no/such/program", "a reason").Failure);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static bool Allow(string program)
    {
        using var chmod = System.Diagnostics.Process.Start("chmod", ["+x", program]);
        chmod.WaitForExit();
        return chmod.ExitCode == 0;
    }

    private SleepGuard Create(string mode, out Drain drain, string? failure = null)
    {
        var settings = SettingsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Server:PreventSleep"] = mode }).Build(), out var errors);
        Assert.Empty(errors);
        drain = new Drain(settings, TimeProvider.System, NullLogger<Drain>.Instance);
        WakeLock Take()
        {
            _numTaken++;
            return failure is null ? new WakeLock(() => _numReleased++, null) : new WakeLock(null, failure);
        }

        return new SleepGuard(settings, drain, Take, TimeProvider.System, NullLogger<SleepGuard>.Instance) { Interval = TimeSpan.FromMilliseconds(5), Linger = TimeSpan.FromMilliseconds(200) };
    }
}
