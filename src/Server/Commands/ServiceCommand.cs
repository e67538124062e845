using System.CommandLine;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Commands;

/// <summary><c>service</c>: lets systemd or launchd keep the server running.</summary>
internal static class ServiceCommand
{
    private const int DefaultLines = 100;

    /// <summary>The command, to be added to the root.</summary>
    public static Command Create()
    {
        var service = new Command("service", "Keeps the server running from boot on: installs it for systemd or launchd.");
        service.Subcommands.Add(ServiceInstallCommand.Create());
        service.Subcommands.Add(ServiceInstallCommand.CreateUpgrade());
        service.Subcommands.Add(ServiceInstallCommand.CreateRollback());
        service.Subcommands.Add(ServiceInstallCommand.CreateUninstall());
        service.Subcommands.Add(CreateStatus());
        service.Subcommands.Add(CreateLogs());
        service.Subcommands.Add(CreatePrint());
        service.Subcommands.Add(CreateCheck());
        return service;
    }

    private static Command CreateStatus()
    {
        var command = new Command("status", "Shows whether the service runs and is ready, which build, and where its files are. Ends with 0 if it is ready.");
        var place = new ServicePlace(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var target = await place.ReadAsync(result, needsRoot: false);
            var status = await ServiceStatus.ReadAsync(target.Service, target.Facts, target.Tools, cancellationToken);
            status.Write(Console.Out);
            return (int)(status.IsReady ? ExitCode.Ok : ExitCode.ServiceFailed);
        });
        return command;
    }

    private static Command CreateLogs()
    {
        var command = new Command("logs", "Shows the service's log.");
        var lines = new Option<int>("--lines", "-n") { Description = "The last so many lines.", HelpName = "N", DefaultValueFactory = _ => DefaultLines };
        var follow = new Option<bool>("--follow", "-f") { Description = "And what comes, until Ctrl+C." };
        command.Options.Add(lines);
        command.Options.Add(follow);
        var place = new ServicePlace(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var target = await place.ReadAsync(result, needsRoot: false);
            var code = await target.Tools.ShowAsync(ServiceManager.Of(target.Service.Kind).ShowLog(target.Service, result.GetValue(lines), result.GetValue(follow)), cancellationToken);
            return (int)(code == 0 ? ExitCode.Ok : ExitCode.ServiceFailed);
        });
        return command;
    }

    private static Command CreatePrint()
    {
        var print = new Command("print", "Prints the definition of the service.");
        var kind = new Argument<string>("kind") { Description = "systemd (Linux), launchd-daemon (macOS, from boot on) or launchd-agent (macOS, while you are logged in)." };
        kind.AcceptOnlyFromAmong(ServicePlace.KindNames);
        print.Arguments.Add(kind);
        print.SetAction(result =>
        {
            var service = ServicePlace.Define(ServicePlace.KindOf(result.GetValue(kind)!));
            Console.Write(ServiceManager.Of(service.Kind).WriteDefinition(service));
            return (int)ExitCode.Ok;
        });
        return print;
    }

    // Run by an installation as the service's user.
    private static Command CreateCheck()
    {
        var check = new Command("check", "Checks the settings and test-reads the models as this user, without loading anything.") { Hidden = true };
        var settings = new CommandLineSettings(check, []);
        check.SetAction(result =>
        {
            var read = settings.ReadAll(result);
            if (ModelReader.FindAbsent(read) is { } reason)
            {
                Console.WriteLine($"{reason} The service will wait for it.");
                return (int)ExitCode.Ok;
            }

            var model = ModelReader.Read(read);
            Console.WriteLine($"{Environment.UserName} can read {model.Metadata.Path}");
            return (int)ExitCode.Ok;
        });
        return check;
    }
}
