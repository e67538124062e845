using System.CommandLine;
using InferenceServer.Server.Doctor;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Commands;

/// <summary><c>doctor selftest</c>: every claim that only the owner's machine can prove, in one report.</summary>
internal static class SelfTestCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("selftest", "Tries on this machine what could not be tried where the server was made, on the server that runs or one that is started for it, and prints a report to paste into an issue. Takes about ten minutes; send it nothing else meanwhile.");
        var quick = new Option<bool>("--quick") { Description = "A few seconds, to see that it runs: its numbers are worth little." };
        var service = new Option<bool>("--service") { Description = "Try the service, too: install it if there is none, kill its process, wait until it is back. Needs an administrator's rights, except for a LaunchAgent." };
        command.Options.Add(quick);
        command.Options.Add(service);
        var settings = new CommandLineSettings(command, CommandLineOption.All);
        var place = new ServicePlace(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            // Before minutes are spent on what cannot be finished.
            var target = result.GetValue(service) ? await place.ReadAsync(result, needsRoot: true) : null;
            return (int)await RunAsync(result, settings, result.GetValue(quick), target?.Service.Kind, cancellationToken);
        });
        return command;
    }

    private static async Task<ExitCode> RunAsync(ParseResult result, CommandLineSettings options, bool isQuick, ServiceKind? serviceKind, CancellationToken cancellationToken)
    {
        var settings = options.ReadAll(result);
        var tools = new ServiceTools();
        using var text = new StringWriter();
        var page = new DoctorPage(text);
        Tell("looking at the machine");
        await foreach (var finding in new Examination(tools).RunAsync(settings, [], cancellationToken))
        {
            page.Write(finding);
        }

        var claims = new List<Claim>();
        MachineRow? row = null;
        Tell("looking for a server, or starting one");
        try
        {
            await using var server = await TestedServer.OpenAsync(settings, options.Read(result), cancellationToken);
            var test = new SelfTest(server, settings, tools, isQuick ? SelfTestPace.Quick : SelfTestPace.Thorough, Tell);
            claims.AddRange(await test.RunAsync(cancellationToken));
            row = test.Row;
        }
        catch (StartupException e)
        {
            claims.Add(new Claim("The server starts and answers", ClaimVerdict.Failed, e.Message));
        }

        claims.AddRange(serviceKind is { } kind ? await new ServiceTest(tools, kind, OwnProgram.Words, Tell).RunAsync(ModelOptions(result, options), cancellationToken) : ServiceTest.NotTried);
        Console.Write(SelfTestReport.Write(text.ToString(), claims, row, isQuick, DateTimeOffset.Now));
        return claims.Exists(claim => claim.Verdict == ClaimVerdict.Failed) ? ExitCode.DoctorFails : DoctorCommand.ToExitCode(page.Worst);
    }

    // Not on the standard output, which is the report's.
    private static void Tell(string what) => Console.Error.WriteLine($"... {what}");

    // The options that were given, as an installation takes them.
    private static List<string> ModelOptions(ParseResult result, CommandLineSettings options)
    {
        var given = options.Read(result);
        var words = new List<string>();
        foreach (var option in CommandLineOption.All.Where(option => given.ContainsKey(option.Key)))
        {
            words.AddRange(option.ValueName is null ? [option.Name] : [option.Name, given[option.Key]!]);
        }

        return words;
    }
}
