using System.Globalization;
using InferenceServer.Server.Commands;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Formatting.Display;

namespace InferenceServer.Server.Hosting;

/// <summary>Where log lines go: the console, for people, unless section <c>Serilog</c> says otherwise; and a file of JSON lines, for programs, if section <c>Log</c> names one.</summary>
internal static class Logging
{
    private const string Template = "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}{Exception}";

    /// <summary>Sends all of the host's logging there, from a level on that may change.</summary>
    public static void AddServerLogging(this ILoggingBuilder logging, Serilog.Core.Logger log, LoggingLevelSwitch level)
    {
        logging.ClearProviders();
        logging.AddSerilog(log);
        logging.Services.AddSingleton(level);
    }

    /// <summary>Where logging goes: close it last. Throws <see cref="StartupException"/> if the file cannot be written.</summary>
    /// <param name="configuration">For section <c>Serilog</c>.</param>
    /// <param name="options">Section <c>Log</c>.</param>
    /// <param name="level">What is worth a line; may change.</param>
    public static Serilog.Core.Logger Create(IConfiguration configuration, LogOptions options, LoggingLevelSwitch level)
    {
        var serilog = new LoggerConfiguration()
            .MinimumLevel.ControlledBy(level)
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)

            // The host would log a stack trace where our own line says all there is to say.
            .MinimumLevel.Override("Microsoft.Extensions.Hosting", LogEventLevel.Fatal)

            // Whoever wants to read more of the framework's lines does not want these, which hold queries and broken headers: keys, perhaps.
            .MinimumLevel.Override("Microsoft.AspNetCore.Hosting.Diagnostics", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogEventLevel.Warning)
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

        if (options.File is { } file)
        {
            CheckFolder(file);

            // A thread of its own writes: a slow disk must not hold up a request. What it cannot keep up with is lost.
            serilog.WriteTo.Async(sinks => sinks.File(
                new RenderedCompactJsonFormatter(),
                file,
                rollingInterval: RollingInterval.Day,
                rollOnFileSizeLimit: true,
                fileSizeLimitBytes: options.MaxFileBytes,
                retainedFileCountLimit: options.KeepFiles));
        }

        return serilog.CreateLogger();
    }

    // The sink would only say so at the first line, and to nobody.
    private static void CheckFolder(string file)
    {
        try
        {
            var folder = Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            using var probe = File.Create(Path.Combine(folder.FullName, Path.GetRandomFileName()), 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartupException(ExitCode.BadOptions, $"Log:File: cannot write beside '{file}': {e.Message}");
        }
    }
}
