using System.Globalization;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Display;

namespace InferenceServer.Server.Hosting;

/// <summary>Where log lines go: the console, unless section <c>Serilog</c> says otherwise.</summary>
internal static class Logging
{
    private const string Template = "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}{Exception}";

    /// <summary>Sends all of the host's logging through Serilog.</summary>
    public static void AddServerLogging(this ILoggingBuilder logging, IConfiguration configuration)
    {
        var serilog = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)

            // The host would log a stack trace where our own line says all there is to say.
            .MinimumLevel.Override("Microsoft.Extensions.Hosting", LogEventLevel.Fatal)
            .ReadFrom.Configuration(configuration);
        if (!configuration.GetSection("Serilog:WriteTo").Exists())
        {
            var formatter = new MessageTemplateTextFormatter(Template, CultureInfo.InvariantCulture);
            if (LoadingDisplay.IsTerminal)
            {
                serilog.WriteTo.Sink(new TerminalSink(formatter));
            }
            else
            {
                serilog.WriteTo.Console(formatter);
            }
        }

        logging.ClearProviders();
        logging.AddSerilog(serilog.CreateLogger(), dispose: true);
    }
}
