using System.CommandLine;
using InferenceServer.Server.Downloads;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Commands;

/// <summary><c>service install</c>, <c>upgrade</c>, <c>rollback</c> and <c>uninstall</c>: each makes a plan and runs it, or only shows it.</summary>
internal static class ServiceInstallCommand
{
    // Settings whose value is a file: the service has another working directory.
    private static readonly string[] Files = ["Server:ApiKeyFile", "Server:ModelFolder", "Inference:ChatTemplate"];

    /// <summary><c>install</c>.</summary>
    public static Command Create()
    {
        var command = new Command("install", "Copies this build, and lets the system run it from boot on. Options of the server become its settings.");
        var from = FromOption();
        command.Options.Add(from);
        var place = new ServicePlace(command, changes: true);
        var settings = new CommandLineSettings(command, CommandLineOption.All);
        command.SetAction(async (result, cancellationToken) =>
        {
            var target = await place.ReadAsync(result, needsRoot: true);
            var changes = settings.Read(result).ToDictionary(change => change.Key, change => ToService(change.Key, change.Value, target.Service));
            var files = ServiceFiles.Create(target.Service, target.Facts, changes);
            var build = BuildFolder.Read(result.GetValue(from) ?? AppContext.BaseDirectory);
            return await RunAsync(ServicePlanner.Install(target.Service, target.Facts, build, files), target, cancellationToken);
        });
        return command;
    }

    /// <summary><c>upgrade</c>.</summary>
    public static Command CreateUpgrade()
    {
        var command = new Command("upgrade", "Copies this build beside the one that runs and switches to it; goes back to the old one if it does not get ready.");
        var from = FromOption();
        command.Options.Add(from);
        var place = new ServicePlace(command, changes: true);
        command.SetAction(async (result, cancellationToken) =>
        {
            var target = await place.ReadAsync(result, needsRoot: true);
            ThrowIfAbsent(target);
            var build = BuildFolder.Read(result.GetValue(from) ?? AppContext.BaseDirectory);
            if (build.Name == target.Facts.Current)
            {
                throw new StartupException(ExitCode.ServiceFailed, $"{build.Name} runs already. --from names the folder of another build.");
            }

            return await RunAsync(ServicePlanner.Install(target.Service, target.Facts, build, ServiceFiles.Create(target.Service, target.Facts, new Dictionary<string, string?>())), target, cancellationToken);
        });
        return command;
    }

    /// <summary><c>rollback</c>.</summary>
    public static Command CreateRollback()
    {
        var command = new Command("rollback", "Switches back to the build that ran before; once more, and it is the newer one again.");
        var place = new ServicePlace(command, changes: true);
        command.SetAction(async (result, cancellationToken) =>
        {
            var target = await place.ReadAsync(result, needsRoot: true);
            ThrowIfAbsent(target);
            if (target.Facts.Previous is not { } previous || !target.Facts.Builds.Contains(previous))
            {
                throw new StartupException(ExitCode.ServiceFailed, "There is no build to go back to.");
            }

            return await RunAsync(ServicePlanner.Rollback(target.Service, target.Facts, previous, ServiceFiles.Create(target.Service, target.Facts, new Dictionary<string, string?>())), target, cancellationToken);
        });
        return command;
    }

    /// <summary><c>uninstall</c>.</summary>
    public static Command CreateUninstall()
    {
        var command = new Command("uninstall", "Stops the service and takes its builds away. Settings, secrets, models, stored responses and logs stay.");
        var purge = new Option<bool>("--purge") { Description = "Delete those, too: settings, secrets, the models in the service's folder, stored responses, logs and the user." };
        command.Options.Add(purge);
        var place = new ServicePlace(command, changes: true);
        command.SetAction(async (result, cancellationToken) =>
        {
            var target = await place.ReadAsync(result, needsRoot: true);
            return await RunAsync(ServicePlanner.Uninstall(target.Service, target.Facts, result.GetValue(purge)), target, cancellationToken);
        });
        return command;
    }

    private static Option<string> FromOption() => new("--from") { Description = "Folder of the build. Default: the one that this program is of.", HelpName = "FOLDER" };

    private static void ThrowIfAbsent(ServiceTarget target)
    {
        if (target.Facts.Current is null)
        {
            throw new StartupException(ExitCode.ServiceFailed, "The service is not installed.");
        }
    }

    private static async Task<int> RunAsync(ServicePlan plan, ServiceTarget target, CancellationToken cancellationToken)
    {
        if (target.IsDryRun)
        {
            foreach (var step in plan.Stages.SelectMany(stage => stage.Steps))
            {
                Console.WriteLine(step);
            }
        }
        else if (!OperatingSystem.IsWindows())
        {
            await new StepRunner(target.Service, target.Facts, target.Tools, Console.Out).RunAsync(plan, cancellationToken);
        }

        return (int)ExitCode.Ok;
    }

    private static string? ToService(string key, string? value, ServiceDefinition service) =>
        value is null ? null
        : key == "Inference:ModelPath" ? FindModel(value, service)
        : Files.Contains(key) ? Path.GetFullPath(value)
        : value;

    // What the service finds by its name in its own folder keeps it; what only the caller finds becomes a path.
    private static string FindModel(string name, ServiceDefinition service)
    {
        if (Path.IsPathRooted(name) || File.Exists(name))
        {
            return Path.GetFullPath(name);
        }

        var hub = HuggingFace.FromEnvironment();
        foreach (var folder in new[] { new ModelFolder($"{service.DataFolder}/models"), ModelFolder.From(new Hosting.ServerOptions()) })
        {
            try
            {
                var path = new ModelLocator(folder, hub).Find(name);
                if (File.Exists(path))
                {
                    return path;
                }
            }
            catch (StartupException)
            {
                // The other folder may have it.
            }
        }

        throw new StartupException(ExitCode.BadModel, $"There is no model {name}. To get it where the service may read it: pull {name} --model-folder {service.DataFolder}/models");
    }
}
