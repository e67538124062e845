using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting.Systemd;
using Serilog.Extensions.Logging;

namespace InferenceServer.Server.Hosting;

/// <summary>
/// What a service does about what may come later (<see cref="ServerOptions.WaitAtStart"/>): a model whose volume is not mounted and a port that somebody
/// else still has are waited for, for as long as it takes, with one line in the log each. Anything else ends the process as always.
/// </summary>
internal static class StartPatience
{
    /// <summary>How a service manager that shows what the server says of itself tells this from loading.</summary>
    public const string Status = "Waiting: ";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Waits; false if a signal asked to stop meanwhile.</summary>
    /// <param name="settings">Validated.</param>
    /// <param name="log">For the lines.</param>
    public static async Task<bool> WaitAsync(Settings settings, Serilog.ILogger log)
    {
        using var stopping = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var loggers = new SerilogLoggerFactory(log);
        var logger = loggers.CreateLogger(typeof(StartPatience));
        return await WaitWhileAsync(() => ModelReader.FindAbsent(settings), logger, stopping.Token)
            && await WaitWhileAsync(() => Listening.FindTakenPort(settings), logger, stopping.Token);
    }

    private static async Task<bool> WaitWhileAsync(Func<string?> findReason, ILogger logger, CancellationToken stopping)
    {
        var isTold = false;
        var systemd = new SystemdNotifier();
        while (findReason() is { } reason)
        {
            if (!isTold)
            {
                isTold = true;
                logger.Waiting(reason);
                systemd.Notify(new ServiceState($"STATUS={Status}{reason}"));
            }

            await Task.Delay(Interval, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.IsCancellationRequested)
            {
                return false;
            }
        }

        if (isTold)
        {
            systemd.Notify(new ServiceState("STATUS="));
        }

        return true;
    }
}
