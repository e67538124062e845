using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace InferenceServer.Telemetry.Metrics;

/// <summary>This process, under the names of Prometheus' own client libraries. Read when collected. Any thread.</summary>
public sealed class ProcessInstruments
{
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
        if (OpenFiles.CanCount)
        {
            meter.CreateObservableGauge("process.open_fds", OpenFiles.Count, null, "Files and sockets that the process holds open.");
        }
    }

    private double ReadProcessorTime()
    {
        lock (_process)
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }
}
