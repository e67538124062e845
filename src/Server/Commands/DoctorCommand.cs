using System.CommandLine;
using InferenceServer.Server.Doctor;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Commands;

/// <summary><c>doctor</c>: looks at the machine, the settings and what they name, and says what it finds. Changes nothing and loads no model.</summary>
internal static class DoctorCommand
{
    /// <summary>The command, to be added to the root.</summary>
    public static Command Create()
    {
        var doctor = new Command("doctor", "Looks at this machine, the settings and what they name, and says what to do. Exit code 0: all is well; 13: warnings; 14: errors.");
        var settings = new CommandLineSettings(doctor, CommandLineOption.All);
        doctor.SetAction(async (result, cancellationToken) =>
        {
            var page = new DoctorPage(Console.Out);
            await foreach (var finding in new Examination(new ServiceTools()).RunAsync(settings.ReadAll(result, out var errors), errors, cancellationToken))
            {
                page.Write(finding);
            }

            return (int)ToExitCode(page.Worst);
        });
        var power = new Command("power", "Shows every source of watts, three samples of each channel, and what is missing and why. Takes seven seconds.");
        power.SetAction((_, cancellationToken) => DoctorPower.RunAsync(Console.Out, cancellationToken));
        doctor.Subcommands.Add(power);
        doctor.Subcommands.Add(SelfTestCommand.Create());
        return doctor;
    }

    /// <summary>What the process ends with after the worst of findings.</summary>
    internal static ExitCode ToExitCode(FindingLevel worst) => worst switch
    {
        FindingLevel.Ok => ExitCode.Ok,
        FindingLevel.Warning => ExitCode.DoctorWarns,
        _ => ExitCode.DoctorFails,
    };
}
