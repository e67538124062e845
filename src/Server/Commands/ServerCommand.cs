using System.CommandLine;

namespace InferenceServer.Server.Commands;

/// <summary>The command line: help, version, and options as settings.</summary>
internal static class ServerCommand
{
    private const string Description =
        """
        Serves a GGUF model over an OpenAI-compatible HTTP API.

        Every option is also a setting: --port 9000, or the environment variable Server__Port=9000, or "Server": { "Port": 9000 } in
        appsettings.json (in the program's folder or the working directory). The command line wins, then the environment.
        """;

    /// <summary>Parses the arguments and runs the server, unless help or the version was asked for.</summary>
    /// <param name="args">As the process got them.</param>
    /// <param name="run">Runs the server with the settings that the arguments name.</param>
    public static async Task<ExitCode> InvokeAsync(string[] args, Func<IReadOnlyDictionary<string, string?>, CancellationToken, Task> run)
    {
        var root = CreateRoot(run);
        try
        {
            var parsed = root.Parse(args);
            if (parsed.Errors.Count > 0)
            {
                throw new StartupException(ExitCode.BadOptions, string.Join('\n', parsed.Errors.Select(error => error.Message.ReplaceLineEndings(" ").Replace("\t", "", StringComparison.Ordinal))));
            }

            return (ExitCode)await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (StartupException e)
        {
            foreach (var line in e.Message.Split('\n'))
            {
                await Console.Error.WriteLineAsync($"error: {line}");
            }

            return e.ExitCode;
        }
    }

    /// <summary>All commands and options.</summary>
    /// <param name="run">As <see cref="InvokeAsync"/> has it.</param>
    internal static RootCommand CreateRoot(Func<IReadOnlyDictionary<string, string?>, CancellationToken, Task> run)
    {
        var root = new RootCommand(Description);
        var settings = new CommandLineSettings(root, CommandLineOption.All);
        root.SetAction((result, cancellationToken) => run(settings.Read(result), cancellationToken));
        root.Subcommands.Add(PlanCommand.Create());
        root.Subcommands.Add(PullCommand.Create());
        root.Subcommands.Add(ModelsCommand.Create());
        root.Subcommands.Add(DoctorCommand.Create());
        root.Subcommands.Add(BenchCommand.Create());
        root.Subcommands.Add(KeysCommand.Create());
        root.Subcommands.Add(CacheCommand.Create());
        root.Subcommands.Add(ServiceCommand.Create());
        root.Subcommands.Add(EngineCommand.Create());
        root.Subcommands.Add(DevicesCommand.Create());
        root.Subcommands.Add(ReadyCommand.Create());
        return root;
    }
}
