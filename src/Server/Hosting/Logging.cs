using System.Globalization;
using Serilog;
using Serilog.Events;

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
            .ReadFrom.Configuration(configuration);
        if (!configuration.GetSection("Serilog:WriteTo").Exists())
        {
            serilog.WriteTo.Console(outputTemplate: Template, formatProvider: CultureInfo.InvariantCulture);
        }

        logging.ClearProviders();
        logging.AddSerilog(serilog.CreateLogger(), dispose: true);
    }
}
