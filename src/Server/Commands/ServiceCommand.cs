using System.CommandLine;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Commands;

/// <summary><c>service</c>: the definitions by which a service manager keeps the server running.</summary>
internal static class ServiceCommand
{
    /// <summary>The command, to be added to the root.</summary>
    public static Command Create()
    {
        var service = new Command("service", "What a service manager needs to keep the server running.");
        var print = new Command("print", "Prints the definition of the service.");
        var kind = new Argument<string>("kind") { Description = "systemd (Linux), launchd-daemon (macOS, from boot on) or launchd-agent (macOS, while you are logged in)." };
        kind.AcceptOnlyFromAmong("systemd", "launchd-daemon", "launchd-agent");
        print.Arguments.Add(kind);
        print.SetAction(result =>
        {
            Console.Write(result.GetValue(kind) switch
            {
                "systemd" => SystemdUnit.Write(ServiceDefinition.Systemd),
                "launchd-daemon" => LaunchdPlist.Write(ServiceDefinition.LaunchDaemon),
                _ => LaunchdPlist.Write(ServiceDefinition.LaunchAgent(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify))),
            });
            return (int)ExitCode.Ok;
        });
        service.Subcommands.Add(print);
        return service;
    }
}
