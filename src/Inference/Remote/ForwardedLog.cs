using InferenceServer.Inference.Remote.Frames;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Remote;

/// <summary>Sends log lines to the host, which has the log. Any thread.</summary>
/// <param name="sender">The way to the host.</param>
/// <param name="level">What is worth sending.</param>
internal sealed class ForwardedLog(FrameSender sender, LogLevel level) : ILoggerFactory
{
    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Category(sender, level, categoryName);

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Lines go to the host and nowhere else.");

    /// <inheritdoc/>
    public void Dispose()
    {
        // The sender is somebody else's.
    }

    private sealed class Category(FrameSender sender, LogLevel level, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= level && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            var text = formatter(state, exception);
            sender.Send(SessionFrames.WriteLog, new LogLine(logLevel, name, eventId.Id, exception is null ? text : $"{text}\n{exception}"));
        }
    }
}
