using System.ComponentModel.DataAnnotations;
using Serilog.Events;

namespace InferenceServer.Server.Hosting;

/// <summary>Section <c>Log</c> of the configuration: what is written besides the console's lines. Section <c>Serilog</c> can change everything else.</summary>
internal sealed class LogOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Log";

    /// <summary>What is worth a line: this and what is graver. Read again on SIGHUP. The framework's own lines are written from <c>Warning</c> on.</summary>
    public LogEventLevel Level { get; set; } = LogEventLevel.Information;

    /// <summary>
    /// File of JSON lines, one a day: <c>logs/server-.jsonl</c> becomes <c>logs/server-20260131.jsonl</c>. Null writes none: a service manager keeps what the
    /// console shows, and nobody who tries the program wants files left behind.
    /// </summary>
    public string? File { get; set; }

    /// <summary>Files kept; older ones are deleted.</summary>
    [Range(1, 10_000)]
    public int KeepFiles { get; set; } = 14;

    /// <summary>Bytes after which a new file is begun within the day.</summary>
    [Range(1L << 16, 1L << 40)]
    public long MaxFileBytes { get; set; } = 100L << 20;

    /// <summary>True: prompts are written to the log, too. What people ask is their business: only for finding a fault, with their knowledge.</summary>
    public bool Prompts { get; set; }
}
