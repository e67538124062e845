using InferenceServer.Server.Hosting;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Server.Tests.Hosting;

public sealed class LoadingDisplayTests
{
    [Fact]
    public void Lines_OfAThousandReports_ComeEveryTenthOnce()
    {
        var logger = new PercentLogger();
        using (var display = LoadingDisplay.StartLines("tiny.gguf", logger))
        {
            for (var i = 0; i <= 1000; i++)
            {
                display.Report(i / 1000f);
            }
        }

        Assert.Equal([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100], logger.Percents);
    }

    private sealed class PercentLogger : ILogger
    {
        public List<int> Percents { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var values = Assert.IsAssignableFrom<IReadOnlyList<KeyValuePair<string, object?>>>(state);
            Percents.Add((int)values.Single(value => value.Key == "Percent").Value!);
        }
    }
}
