using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace InferenceServer.Telemetry.Metrics;

/// <summary>This process, under the names of Prometheus' own client libraries. Read when collected. Any thread.</summary>
public sealed class ProcessInstruments
{
    // Where the system lists a process's open files: Linux, then macOS.
    private static readonly string? OpenFiles = new[] { "/proc/self/fd", "/dev/fd" }.FirstOrDefault(Directory.Exists);

    private readonly Process _process = Process.GetCurrentProcess();

    /// <summary>Publishes the instruments.</summary>
    public ProcessInstruments(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterNames.Process);
        var startTime = new DateTimeOffset(_process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
        meter.CreateObservableGauge("process.start_time", () => startTime, "s", "When the process started, in seconds since 1970.");
        meter.CreateObservableGauge("process.resident_memory", () => Environment.WorkingSet, "By", "Memory of the process in RAM, shared pages included.");
        meter.CreateObservableCounter("process.cpu", ReadProcessorTime, "s", "Processor time of the process, user and system together.");
        if (OpenFiles is not null)
        {
            meter.CreateObservableGauge("process.open_fds", CountOpenFiles, null, "Files and sockets that the process holds open.");
        }
    }

    private static int CountOpenFiles() => Directory.EnumerateFileSystemEntries(OpenFiles!).Count();

    private double ReadProcessorTime()
    {
        lock (_process)
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }
}
