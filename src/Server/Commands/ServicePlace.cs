using System.CommandLine;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Commands;

/// <summary>Which service a command is about: options that its subcommands share.</summary>
internal sealed class ServicePlace
{
    private readonly Option<string> _kind = new("--kind") { Description = "systemd, launchd-daemon (from boot on) or launchd-agent (while you are logged in). Default: the first that this system has.", HelpName = "KIND" };
    private readonly Option<string> _root = new("--root") { Description = "Work on the system below this folder, an image, say; nothing is started.", HelpName = "FOLDER" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only say what would be done." };

    /// <summary>Adds the options.</summary>
    /// <param name="command">To this command.</param>
    /// <param name="changes">True if it changes the machine.</param>
    public ServicePlace(Command command, bool changes = false)
    {
        _kind.AcceptOnlyFromAmong(KindNames);
        command.Options.Add(_kind);
        if (changes)
        {
            command.Options.Add(_root);
            command.Options.Add(_dryRun);
        }
    }

    /// <summary>The kinds as people write them.</summary>
    public static string[] KindNames { get; } = ["systemd", "launchd-daemon", "launchd-agent"];

    /// <summary>The kind that this system has, from boot on.</summary>
    public static ServiceKind FromBootOn => OperatingSystem.IsMacOS() ? ServiceKind.LaunchDaemon : ServiceKind.Systemd;

    /// <summary>A kind by its name.</summary>
    public static ServiceKind KindOf(string name) => (ServiceKind)Array.IndexOf(KindNames, name);

    /// <summary>A service by the places of its system.</summary>
    public static ServiceDefinition Define(ServiceKind kind) =>
        ServiceDefinition.Of(kind, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify));

    /// <summary>Reads the options and looks at the machine. Throws <see cref="StartupException"/>.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="needsRoot">True if it cannot be done by anybody else.</param>
    public async Task<ServiceTarget> ReadAsync(ParseResult result, bool needsRoot)
    {
        var kind = result.GetValue(_kind) is { } name ? KindOf(name) : FromBootOn;
        var isDryRun = result.GetValue(_dryRun);
        var root = result.GetValue(_root) is { } folder ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) : "";
        var isOwn = (kind == ServiceKind.Systemd) == OperatingSystem.IsLinux();
        if (!isOwn && !isDryRun && root.Length == 0)
        {
            throw new StartupException(ExitCode.BadOptions, $"--kind: this system has no {KindNames[(int)kind]}; --dry-run shows what would be done where there is.");
        }

        if (!isDryRun && root.Length == 0 && needsRoot && Environment.IsPrivilegedProcess != (kind != ServiceKind.LaunchAgent))
        {
            throw new StartupException(
                ExitCode.ServiceFailed, kind == ServiceKind.LaunchAgent ? "A LaunchAgent belongs to whoever is logged in: run this without sudo." : "This needs an administrator's rights: run it with sudo.");
        }

        var (service, tools) = (Define(kind), new ServiceTools());
        return new ServiceTarget(service, await ServiceFactsReader.ReadAsync(service, tools, root), tools, isDryRun);
    }
}

/// <summary>A service, and what is on its machine.</summary>
/// <param name="Service">What.</param>
/// <param name="Facts">What is there.</param>
/// <param name="Tools">The system's programs.</param>
/// <param name="IsDryRun">Only say what would be done.</param>
internal sealed record ServiceTarget(ServiceDefinition Service, ServiceFacts Facts, ServiceTools Tools, bool IsDryRun);
