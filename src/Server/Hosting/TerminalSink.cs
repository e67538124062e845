using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using Spectre.Console;

namespace InferenceServer.Server.Hosting;

/// <summary>
/// Writes log lines to a terminal by way of the library that draws the loading bar there, which keeps them above the bar;
/// written past it, they would tear the bar apart. Any thread.
/// </summary>
internal sealed class TerminalSink(ITextFormatter formatter) : ILogEventSink
{
    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public void Emit(LogEvent logEvent)
    {
        using var text = new StringWriter();
        formatter.Format(logEvent, text);
        var style = logEvent.Level switch
        {
            >= LogEventLevel.Error => new Style(Color.Red),
            LogEventLevel.Warning => new Style(Color.Yellow),
            <= LogEventLevel.Debug => new Style(Color.Grey),
            _ => Style.Plain,
        };
        lock (_lock)
        {
            AnsiConsole.Write(new Text(text.ToString(), style));
        }
    }
}
