using InferenceServer.Telemetry.Memory;
using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Tests.Power;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Telemetry.Tests.Memory;

public sealed class MemorySamplerTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly TestMeters _meters = new();
    private readonly FakeMemory _memory = new();
    private readonly LogLines _log = new();
    private readonly MemorySampler _sampler;
    private bool _isServing;

    public MemorySamplerTests() => _sampler = new MemorySampler(_memory, ["/models/none.gguf"], () => _isServing ? 0 : null, _clock, _log);

    public void Dispose()
    {
        _sampler.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public void Faults_WhileTheModelLoads_AreNoPaging()
    {
        for (var i = 0; i < 10; i++)
        {
            Look(faults: i * 10_000);
        }

        Assert.Null(_sampler.State.IsPaged);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void Paging_IsWarnedOfOnce_AndItsEndIsTold()
    {
        _isServing = true;
        for (var i = 0; i < 10; i++)
        {
            Look(faults: i * 10_000);
        }

        Assert.True(_sampler.State.IsPaged);
        Assert.Equal([LogLevel.Warning], _log.Lines.Select(line => line.Level));
        Assert.Contains("is being paged: 5000 waits for the disk a second", _log.Lines[0].Text, StringComparison.Ordinal);
        Look(faults: 90_000);
        Assert.Equal([LogLevel.Warning, LogLevel.Information], _log.Lines.Select(line => line.Level));
    }

    [Fact]
    public void Instruments_TellWhatIsKnown_AndWhatIsNot()
    {
        _memory.Reading = new MemoryReading
        {
            Total = 1000,
            Used = 600,
            ProcessUsed = 150,
            SwapTotal = 0,
            SwapUsed = 0,
            SwappedIn = 7,
            Locked = 20,
            PressureLevel = 1,
            RecommendedWorkingSet = 800,
            MajorFaults = 3,
        };
        _isServing = true;
        _ = new MemoryInstruments(_meters, _sampler, () => new ModelMemory(500, 60, null));
        _sampler.Look();
        var series = Read();
        Assert.Equal(1000, series["system.memory.limit{}"]);
        Assert.Equal(600, series["system.memory.usage{system.memory.state=used}"]);
        Assert.Equal(400, series["system.memory.usage{system.memory.state=free}"]);
        Assert.Equal(0, series["system.paging.usage{system.paging.state=used}"]); // no swap is a number
        Assert.Equal(7, series["system.paging.io{system.paging.direction=in}"]);
        Assert.Equal(500, series["inference.memory.usage{component=weights}"]);
        Assert.Equal(60, series["inference.memory.usage{component=kv_cache}"]);
        Assert.Equal(450, series["inference.memory.usage{component=other_processes}"]);
        Assert.True(series["inference.memory.usage{component=runtime}"] > 0);
        Assert.Equal(1, series["inference.memory.pressure.level{}"]);
        Assert.Equal(800, series["inference.memory.working_set.limit{}"]);
        Assert.Equal(20, series["inference.memory.locked{scope=machine}"]);
        Assert.Equal(3, series["process.paging.faults{system.paging.fault.type=major}"]);
        Assert.Equal(0, series["inference.model.paged{}"]);
        Assert.Equal(1, series["inference.memory.available{quantity=weights,reason=none}"]);
        Assert.Equal(0, series["inference.memory.available{quantity=compute,reason=not_supported}"]);
        Assert.Equal(1, series["inference.memory.available{quantity=pressure,reason=none}"]);
        Assert.DoesNotContain(series.Keys, key => key.StartsWith("inference.memory.pressure{", StringComparison.Ordinal));
        Assert.DoesNotContain("inference.memory.usage{component=compute}", series.Keys);
        Assert.DoesNotContain("inference.model.resident{}", series.Keys);
    }

    [Fact]
    public void Instruments_BeforeTheModelIsLoaded_SayThatItIsStarting()
    {
        _ = new MemoryInstruments(_meters, _sampler, () => default);
        _sampler.Look();
        var series = Read();
        Assert.Equal(0, series["inference.memory.available{quantity=model_resident,reason=starting}"]);
        Assert.Equal(0, series["inference.memory.available{quantity=weights,reason=starting}"]);
        Assert.DoesNotContain("inference.model.paged{}", series.Keys);
    }

    [SkippableFact]
    public async Task Sampler_OnThisMachine_LooksByItself()
    {
        Skip.IfNot(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "Neither Linux nor macOS.");
        using var sampler = new MemorySampler(["/models/none.gguf"], () => 0, TimeProvider.System, new Logger<MemorySampler>(new LoggerFactory()));
        sampler.Start();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (sampler.State.Reading.Total is null)
        {
            await Task.Delay(10, patience.Token);
        }

        Assert.NotEqual(ChannelFault.None, sampler.State.ResidencyFault);
    }

    private Dictionary<string, double> Read() => _meters.Read().Where(pair => !double.IsNaN(pair.Value)).ToDictionary();

    private void Look(long faults)
    {
        _memory.Reading = new MemoryReading { MajorFaults = faults };
        _clock.Seconds += 2;
        _sampler.Look();
    }

    private sealed class FakeMemory : IMemorySource
    {
        public MemoryReading Reading { get; set; }

        public MemoryReading Read() => Reading;
    }

    private sealed class LogLines : ILogger
    {
        public List<(LogLevel Level, string Text)> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add((logLevel, formatter(state, exception)));
    }
}
