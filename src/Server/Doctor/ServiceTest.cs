using System.Diagnostics;
using System.Globalization;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Doctor;

/// <summary>
/// Tries the service: installs it where there is none and takes it away again, kills its process, and waits until it is back. Only if asked to: whoever talks to the
/// service at that moment is cut off.
/// </summary>
/// <param name="tools">The system's programs.</param>
/// <param name="kind">Which service manager.</param>
/// <param name="program">The words that start the server's program.</param>
/// <param name="progress">Told what is done now.</param>
internal sealed class ServiceTest(ServiceTools tools, ServiceKind kind, IReadOnlyList<string> program, Action<string> progress)
{
    private const string Installs = "The service installs and gets ready";
    private const string Restarts = "The service comes back after its process is killed";

    private static readonly string[] Names = [Installs, Restarts];

    // The managers wait 10 s, then a model of any size must be loaded again.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>What is said of a service that is not to be touched.</summary>
    public static IReadOnlyList<Claim> NotTried { get; } = [.. Names.Select(name => new Claim(name, ClaimVerdict.NotTried, "--service tries it: it kills the service's process"))];

    /// <summary>Tries it.</summary>
    /// <param name="options">Of the server, for an installation.</param>
    /// <param name="cancellationToken">To stop; what was installed for the test is taken away all the same.</param>
    public async Task<IReadOnlyList<Claim>> RunAsync(IReadOnlyList<string> options, CancellationToken cancellationToken)
    {
        if (await FindHindranceAsync(cancellationToken) is { } hindrance)
        {
            return [.. Names.Select(name => new Claim(name, ClaimVerdict.NotApplicable, hindrance))];
        }

        var status = await ReadAsync(cancellationToken);
        if (status.Report.Condition != ServiceCondition.Absent)
        {
            return await TryAsync(status, "it was there before: ", cancellationToken);
        }

        try
        {
            progress("installing the service");
            var (code, output) = await tools.RunAsync(Program("install", options), cancellationToken);
            return code == 0
                ? await TryAsync(await ReadAsync(cancellationToken), "", cancellationToken)
                : [new Claim(Installs, ClaimVerdict.Failed, LastLine(output)), new Claim(Restarts, ClaimVerdict.NotTried, "it is not installed")];
        }
        finally
        {
            progress("taking the service away again (its settings and its user stay)");
            await tools.RunAsync(Program("uninstall", []), CancellationToken.None);
        }
    }

    private static string LastLine(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "no word why";

    // Whether the service manager is there at all, and runs: launchd always does on its system, systemd often does not in a container.
    private async Task<string?> FindHindranceAsync(CancellationToken cancellationToken)
    {
        if (kind != ServiceKind.Systemd)
        {
            return null;
        }

        var (code, output) = await tools.RunAsync(new ServiceStep.Command("systemctl", "show", "--property=Version"), cancellationToken);
        return code == 0 ? null : $"systemd does not run here: {output.Split('\n')[0]}";
    }

    private ServiceStep.Command Program(string verb, IEnumerable<string> options) =>
        new(program[0], [.. program.Skip(1), "service", verb, "--kind", ServicePlace.KindNames[(int)kind], .. options]);

    private async Task<IReadOnlyList<Claim>> TryAsync(ServiceStatus status, string prefix, CancellationToken cancellationToken) =>
    [
        new Claim(Installs, status.IsReady ? ClaimVerdict.Passed : ClaimVerdict.Failed, prefix + status.Lines[0].Text),
        status.IsReady ? await TryRestartAsync(status.Report.ProcessId, cancellationToken) : new Claim(Restarts, ClaimVerdict.NotTried, "it is not ready"),
    ];

    private async Task<Claim> TryRestartAsync(int processId, CancellationToken cancellationToken)
    {
        progress("killing the service's process");
        var start = Stopwatch.GetTimestamp();
        var (code, output) = await tools.RunAsync(new ServiceStep.Command("kill", "-9", processId.ToString(CultureInfo.InvariantCulture)), cancellationToken);
        if (code != 0)
        {
            return new Claim(Restarts, ClaimVerdict.NotTried, $"its process may not be killed ({LastLine(output)}): run this with sudo");
        }

        while (Stopwatch.GetElapsedTime(start) < Patience)
        {
            await Task.Delay(LookInterval, cancellationToken);
            if (await ReadAsync(cancellationToken) is { IsReady: true, Report.ProcessId: var id } && id != processId)
            {
                return new Claim(Restarts, ClaimVerdict.Passed, string.Create(CultureInfo.InvariantCulture, $"ready again after {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s"));
            }
        }

        return new Claim(Restarts, ClaimVerdict.Failed, string.Create(CultureInfo.InvariantCulture, $"not ready after {Patience.TotalMinutes:F0} minutes"));
    }

    private async Task<ServiceStatus> ReadAsync(CancellationToken cancellationToken)
    {
        var service = ServicePlace.Define(kind);
        return await ServiceStatus.ReadAsync(service, await ServiceFactsReader.ReadAsync(service, tools, root: ""), tools, cancellationToken);
    }
}
