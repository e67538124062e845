using System.Collections.Concurrent;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Server.Tests.Hosting;

public sealed class RequestLogTests
{
    [Fact]
    public async Task Chat_Done_IsOneLineWithCountsAndWithoutText()
    {
        using var lines = new LineCollector();
        await using var app = await TestApp.StartAsync(new FakeEngine { NumCachedTokens = 2, Reply = ["SECRETANSWER", "."] }, new FixedClock(), lines);
        using var response = await app.ChatAsync("""{"messages":[{"role":"user","content":"SECRETQUESTION"}]}""");
        await TestApp.UntilAsync(() => !lines.Lines.IsEmpty);
        var line = Assert.Single(lines.Lines);
        Assert.Contains("POST /v1/chat/completions 200", line, StringComparison.Ordinal);
        Assert.Contains("chatcmpl-", line, StringComparison.Ordinal);
        Assert.Contains("(cached 2) output 3 stop", line, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusal_Done_IsOneLineWithoutText()
    {
        using var lines = new LineCollector();
        await using var app = await TestApp.StartAsync(new FakeEngine(), new FixedClock(), lines);
        using var response = await app.ChatAsync("""{"messages":[{"role":"SECRETROLE","content":"SECRETQUESTION"}]}""");
        await TestApp.UntilAsync(() => !lines.Lines.IsEmpty);
        var line = Assert.Single(lines.Lines);
        Assert.Contains("POST /v1/chat/completions 400", line, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Path_WithLineBreak_StaysOneLine()
    {
        using var lines = new LineCollector();
        await using var app = await TestApp.StartAsync(new FakeEngine(), new FixedClock(), lines);
        using var response = await app.Client.GetAsync("/v1/models/a%0Ab%1B");
        await TestApp.UntilAsync(() => !lines.Lines.IsEmpty);
        Assert.Contains("/v1/models/a?b? 404", Assert.Single(lines.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probe_Done_IsNotWorthALine()
    {
        using var lines = new LineCollector();
        await using var app = await TestApp.StartAsync(new FakeEngine(), new FixedClock(), lines);
        using var probe = await app.Client.GetAsync("/health");
        using var scrape = await app.Client.GetAsync("/metrics");
        using var other = await app.Client.GetAsync("/v1/models");
        await TestApp.UntilAsync(() => !lines.Lines.IsEmpty);
        Assert.Contains("/v1/models", Assert.Single(lines.Lines), StringComparison.Ordinal);
    }

    /// <summary>Keeps the server's own lines of level Information and above.</summary>
    private sealed class LineCollector : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) =>
            categoryName.StartsWith("InferenceServer", StringComparison.Ordinal) ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Lines.Enqueue(formatter(state, exception));
            }
        }

        public void Dispose()
        {
        }
    }
}
