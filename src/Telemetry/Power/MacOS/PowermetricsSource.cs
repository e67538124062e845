using System.Diagnostics;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>
/// Apple's own <c>powermetrics</c>, run beside the server if the operator asked for it and the server is root: the one way to the processor's
/// and the neural engine's watts where the system keeps the counters from others. Counts for no boundary: the live counters do.
/// </summary>
internal sealed class PowermetricsSource : IPowerSource
{
    /// <summary>Provider name.</summary>
    public const string Provider = "powermetrics";

    private const string Program = "/usr/bin/powermetrics";
    private const int SampleMs = 1000;

    private readonly Process _process;
    private readonly TimeProvider _clock;
    private readonly Lock _sync = new();
    private readonly double[] _joules = new double[3];
    private PowermetricsSample? _last;
    private double _lastAt;

    private PowermetricsSource(Process process, TimeProvider clock)
    {
        _process = process;
        _clock = clock;
        var gpu = new PowerChannel { Id = Provider + "/gpu", Type = "gpu", Name = "GPU", Quantity = PowerQuantity.Energy };
        Channels =
        [
            new PowerChannel { Id = Provider + "/cpu", Type = "cpu", Name = "CPU", Quantity = PowerQuantity.Energy },
            gpu,
            new PowerChannel { Id = Provider + "/ane", Type = "npu", Name = "ANE", Quantity = PowerQuantity.Energy },
            gpu with { Quantity = PowerQuantity.Utilization },
            gpu with { Quantity = PowerQuantity.Frequency },
            new PowerChannel { Id = Provider + "/system", Type = "host", Name = "thermal pressure", Quantity = PowerQuantity.ThermalPressure },
        ];
        _ = ReadOutputAsync();
    }

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromMilliseconds(SampleMs);

    /// <inheritdoc/>
    public IReadOnlyList<PowerChannel> Channels { get; }

    /// <summary>Starts it.</summary>
    /// <param name="isEnabled">True if the operator asked for it.</param>
    /// <param name="clock">Tells when a sample came.</param>
    public static PowerOpening Open(bool isEnabled, TimeProvider clock)
    {
        if (!OperatingSystem.IsMacOS())
        {
            return PowerOpening.Missing(ChannelFault.NotFound, "this is not macOS");
        }

        if (!isEnabled)
        {
            return PowerOpening.Missing(ChannelFault.NotEnabled, "set Power:Powermetrics to true and run as root to have it");
        }

        if (!SystemLibraries.TryLoad(SystemLibraries.MacSystem) || MacSystemApi.geteuid() != 0)
        {
            return PowerOpening.Missing(ChannelFault.Permission, $"only root may run {Program}");
        }

        return Start(Program, ["--sample-rate", $"{SampleMs}", "--samplers", "cpu_power,gpu_power,ane_power,thermal", "-f", "plist"], clock);
    }

    /// <summary>Starts a program that writes what powermetrics writes.</summary>
    internal static PowerOpening Start(string program, IEnumerable<string> arguments, TimeProvider clock)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");

        // It complains about much; nobody reads it, but somebody must take it.
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        return PowerOpening.Of(new PowermetricsSource(process, clock));
    }

    /// <inheritdoc/>
    public void Read(double now, Span<PowerReading> readings)
    {
        lock (_sync)
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"powermetrics ended with code {_process.ExitCode}.");
            }

            readings.Fill(PowerReading.Missing(ChannelFault.Starting));
            if (_last is not { } last)
            {
                return;
            }

            readings[0] = ToReading(last.CpuJoules is null ? null : _joules[0]);
            readings[1] = ToReading(last.GpuJoules is null ? null : _joules[1]);
            readings[2] = ToReading(last.AneJoules is null ? null : _joules[2]);
            readings[3] = ToReading(last.GpuActive);
            readings[4] = ToReading(last.GpuFrequency);
            readings[5] = ToReading(last.ThermalPressure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It ended by itself.
        }

        _process.Dispose();
    }

    private PowerReading ToReading(double? value) => value is { } there ? PowerReading.Of(there, _lastAt) : PowerReading.Missing(ChannelFault.NotSupported);

    private async Task ReadOutputAsync()
    {
        var frames = new PowermetricsFrames();
        try
        {
            while (await _process.StandardOutput.ReadLineAsync() is { } line)
            {
                if (frames.Add(line) is { } document && PowermetricsSample.Parse(document) is { } sample)
                {
                    Take(sample);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Closed while it was read; Read finds the process ended.
        }
    }

    private void Take(PowermetricsSample sample)
    {
        lock (_sync)
        {
            _joules[0] += sample.CpuJoules ?? 0;
            _joules[1] += sample.GpuJoules ?? 0;
            _joules[2] += sample.AneJoules ?? 0;
            (_last, _lastAt) = (sample, _clock.GetSeconds());
        }
    }
}
