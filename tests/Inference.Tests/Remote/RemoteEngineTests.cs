using System.Diagnostics;
using System.Text;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Remote;
using InferenceServer.Inference.Sampling;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Inference.Tests.Remote;

/// <summary>What the host makes of processes that are no engines; real engines are the integration tests' business.</summary>
public sealed class RemoteEngineTests
{
    [SkippableTheory]
    [InlineData("exit 3", "exit code 3")]
    [InlineData("echo GGML_ASSERT failed >&2; kill -ABRT $$", "Aborted")]
    public async Task Process_ThatNeverLives_IsGivenUpForAWhileAndNotForEver(string script, string reason)
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        await using var engine = Create(script);
        var starting = engine.StartAsync(null);

        await PlayedEngine.UntilAsync(() => engine.State == EngineState.Recovering);

        Assert.Contains("3 times without progress", engine.Failure, StringComparison.Ordinal);
        Assert.Contains(reason, engine.Failure, StringComparison.Ordinal);
        Assert.Equal(SubmitStatus.Unavailable, engine.Submit(new GenerationRequest { Id = 1, PromptTokens = new[] { 1 }, MaxOutputTokens = 1, Sampling = new SamplingParams { Seed = 1 } }).Status);
        await Assert.ThrowsAsync<EngineUnavailableException>(async () => await engine.EncodeAsync(PromptText.Trusted("a"), CancellationToken.None));
        Assert.Empty(await engine.MapCacheAsync());
        Assert.False(starting.IsCompleted);
    }

    [SkippableFact]
    public async Task Process_ThatAborts_IsReportedWithItsLastLines()
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        using var log = new LineLog();
        await using var engine = new RemoteEngine(Setup(["sh", "-c", "echo ggml.c:42: GGML_ASSERT failed >&2; kill -ABRT $$"]), log);
        _ = engine.StartAsync(null);

        await PlayedEngine.UntilAsync(() => log.Lines.Any(line => line.Contains("ended: Aborted", StringComparison.Ordinal)));

        Assert.Contains(log.Lines, line => line.Contains("ended: Aborted", StringComparison.Ordinal) && line.EndsWith("Its last lines: ggml.c:42: GGML_ASSERT failed", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Dispose_WhileItWaitsToTryAgain_DoesNotWait()
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        var engine = Create("exit 3");
        var starting = engine.StartAsync(null);
        await PlayedEngine.UntilAsync(() => engine.State == EngineState.Recovering);
        var start = Stopwatch.GetTimestamp();

        await engine.DisposeAsync();

        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10));
        await starting;
        Assert.Equal(EngineState.Stopping, engine.State);
        await engine.DisposeAsync();
    }

    [SkippableFact]
    public async Task Dispose_WhileAProcessHasNotConnected_DoesNotWait()
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        using var log = new LineLog();
        var folder = Directory.CreateTempSubdirectory("starting-");
        try
        {
            var isRunning = Path.Combine(folder.FullName, "running");
            var engine = new RemoteEngine(Setup(["sh", "-c", $"echo $$ > '{isRunning}'; exec sleep 300"]), log);
            var starting = engine.StartAsync(null);
            await PlayedEngine.UntilAsync(() => File.Exists(isRunning));
            var start = Stopwatch.GetTimestamp();

            await engine.DisposeAsync();

            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10));
            await starting;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public async Task Process_ThatSpeaksNoFrames_IsEndedWithAReason()
    {
        Skip.If(OperatingSystem.IsWindows() || !File.Exists("/usr/bin/perl"), "Needs a program that opens Unix sockets.");
        var perl = Encoding.UTF8.GetString("use IO::Socket::UNIX; my $a = IO::Socket::UNIX->new(Peer => $ARGV[0]); my $b = IO::Socket::UNIX->new(Peer => $ARGV[0]); print $a 'x' x 64; $a->flush; sleep 60;"u8);
        await using var engine = new RemoteEngine(Setup(["/usr/bin/perl", "-e", perl]), NullLoggerFactory.Instance);
        _ = engine.StartAsync(null);

        await PlayedEngine.UntilAsync(() => engine.State == EngineState.Recovering);

        Assert.Contains("BadFrame", engine.Failure, StringComparison.Ordinal);
        Assert.Contains("length is damaged", engine.Failure, StringComparison.Ordinal);
    }

    private static RemoteEngine Create(string script) => new(Setup(["sh", "-c", script]), NullLoggerFactory.Instance);

    private static RemoteEngineSetup Setup(string[] command) => new()
    {
        Inference = new InferenceOptions(),
        Cache = new CacheOptions(),
        Engine = new EngineOptions(),
        ModelPath = "model.gguf",
        Command = command,
    };
}
