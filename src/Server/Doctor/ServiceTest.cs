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
/// <param name="progress">Told what is done now.</param>
internal sealed class ServiceTest(ServiceTools tools, ServiceKind kind, Action<string> progress)
{
    private const string Installs = "The service installs and gets ready";
    private const string Restarts = "The service comes back after its process is killed";

    // The managers wait 10 s, then a model of any size must be loaded again.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>What is said of a service that is not to be touched.</summary>
    public static IReadOnlyList<Claim> NotTried { get; } = [.. new[] { Installs, Restarts }.Select(name => new Claim(name, ClaimVerdict.NotTried, "--service tries it: it kills the service's process"))];

    /// <summary>Tries it.</summary>
    /// <param name="options">Of the server, for an installation.</param>
    /// <param name="cancellationToken">To stop.</param>
    public async Task<IReadOnlyList<Claim>> RunAsync(IReadOnlyList<string> options, CancellationToken cancellationToken)
    {
        var status = await ReadAsync(cancellationToken);
        var isOurs = status.Report.Condition == ServiceCondition.Absent;
        if (isOurs)
        {
            progress("installing the service");
            var (code, output) = await tools.RunAsync(Program(["service", "install", "--kind", ServicePlace.KindNames[(int)kind], .. options]), cancellationToken);
            if (code != 0)
            {
                return [new Claim(Installs, ClaimVerdict.Fails, LastLine(output)), new Claim(Restarts, ClaimVerdict.NotTried, "it is not installed")];
            }

            status = await ReadAsync(cancellationToken);
        }

        var installed = new Claim(Installs, status.IsReady ? ClaimVerdict.Holds : ClaimVerdict.Fails, status.Lines[0].Text);
        var restarted = status.IsReady ? await TryRestartAsync(status.Report.ProcessId, cancellationToken) : new Claim(Restarts, ClaimVerdict.NotTried, "it is not ready");
        if (isOurs)
        {
            progress("taking the service away again");
            await tools.RunAsync(Program(["service", "uninstall", "--kind", ServicePlace.KindNames[(int)kind]]), cancellationToken);
        }

        return [installed, restarted];
    }

    private static string LastLine(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "no word why";

    private static ServiceStep.Command Program(IReadOnlyList<string> arguments)
    {
        var program = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? new ServiceStep.Command(program, [Path.Combine(AppContext.BaseDirectory, "InferenceServer.dll"), .. arguments])
            : new ServiceStep.Command(program, [.. arguments]);
    }

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
                return new Claim(Restarts, ClaimVerdict.Holds, string.Create(CultureInfo.InvariantCulture, $"ready again after {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s"));
            }
        }

        return new Claim(Restarts, ClaimVerdict.Fails, string.Create(CultureInfo.InvariantCulture, $"not ready after {Patience.TotalMinutes:F0} minutes"));
    }

    private async Task<ServiceStatus> ReadAsync(CancellationToken cancellationToken)
    {
        var service = ServicePlace.Define(kind);
        return await ServiceStatus.ReadAsync(service, await ServiceFactsReader.ReadAsync(service, tools, root: ""), tools, cancellationToken);
    }
}
