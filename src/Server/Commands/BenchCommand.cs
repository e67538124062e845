using System.CommandLine;
using InferenceServer.Server.Doctor;

namespace InferenceServer.Server.Commands;

/// <summary><c>bench machine</c>: a machine with a model in one row of a table.</summary>
internal static class BenchCommand
{
    /// <summary>The command, to be added to the root.</summary>
    public static Command Create()
    {
        var bench = new Command("bench", "Measures.");
        var machine = new Command("machine", "Measures one stream at 1,024 tokens of context and at as many as a request may use, on the server that runs or one that is started for it, and prints one row of a table. Send it nothing else meanwhile.");
        var quick = new Option<bool>("--quick") { Description = "A few seconds, to see that it runs: its numbers are worth little." };
        machine.Options.Add(quick);
        var settings = new CommandLineSettings(machine, CommandLineOption.All);
        machine.SetAction(async (result, cancellationToken) =>
        {
            var read = settings.ReadAll(result);
            await using var server = await TestedServer.OpenAsync(read, settings.Read(result), cancellationToken);
            var pace = result.GetValue(quick) ? SelfTestPace.Quick : SelfTestPace.Thorough;
            var row = await MachineRow.MeasureAsync(server, read, pace.Decode, pace.LongestContext, what => Console.Error.WriteLine($"... {what}"), cancellationToken);
            Console.WriteLine(row.ToMarkdown());
            return (int)ExitCode.Ok;
        });
        bench.Subcommands.Add(machine);
        return bench;
    }
}
