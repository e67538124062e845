using System.Collections.Concurrent;
using InferenceServer.Inference;
using InferenceServer.Inference.Engine;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Integration.Tests.Engine;

/// <summary>That a model has computed before anybody is told that it is ready.</summary>
[Collection(Native.NativeCollection.Name)]
public sealed class WarmUpTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("warm-up-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_DecodesForNobodyBeforeItIsReadyAndWheneverItIdles(bool inProcessOfItsOwn)
    {
        var path = Path.Combine(_folder.FullName, "tiny.gguf");
        TinyModel.WriteTo(path, new TinyModelOptions());
        var options = new InferenceOptions { ModelPath = path, Context = 2048, Parallel = 2, Threads = 1, Residency = new ResidencyOptions { KeepWarmSeconds = 1 } };
        using var log = new StateLog();
        await using IHostedEngine engine = inProcessOfItsOwn ? TinyEngineProcess.Create(path, options, log) : new InferenceEngine(options, path, log);
        log.Engine = engine;

        await engine.StartAsync(null);

        var line = Assert.Single(log.Lines, line => line.Text.StartsWith("Loaded tiny.gguf in ", StringComparison.Ordinal));
        Assert.Matches(", [1-9][0-9]* steps for nobody included: ", line.Text);
        Assert.Equal((EngineState.Loading, EngineState.Ready), (line.State, engine.State));

        // And again and again while nobody asks, without counting it as anybody's.
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (engine.Stats.NumKeepWarmSteps == 0)
        {
            Assert.True(DateTime.UtcNow < deadline, "Nothing is computed to keep it warm.");
            await Task.Delay(50);
        }

        Assert.Equal((0, 0), (engine.Stats.NumSteps, engine.Stats.NumOutputTokens));
    }

    /// <summary>Every line, with the engine's state when it was written.</summary>
    private sealed class StateLog : ILoggerFactory, ILogger
    {
        private readonly ConcurrentQueue<(string Text, EngineState State)> _lines = new();

        public IHostedEngine? Engine { get; set; }

        public IReadOnlyCollection<(string Text, EngineState State)> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue((formatter(state, exception), Engine?.State ?? EngineState.Loading));

        public void Dispose()
        {
            // Holds nothing.
        }
    }
}
