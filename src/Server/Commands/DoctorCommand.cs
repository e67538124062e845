using System.CommandLine;

namespace InferenceServer.Server.Commands;

/// <summary><c>doctor</c>: looks at the machine and says what it finds. Every subcommand looks at one thing, changes nothing, and needs no model.</summary>
internal static class DoctorCommand
{
    /// <summary>The command, to be added to the root.</summary>
    public static Command Create()
    {
        var doctor = new Command("doctor", "Looks at this machine and says what it finds.");
        var power = new Command("power", "Shows every source of watts, three samples of each channel, and what is missing and why. Takes seven seconds.");
        power.SetAction((_, cancellationToken) => DoctorPower.RunAsync(Console.Out, cancellationToken));
        doctor.Subcommands.Add(power);
        return doctor;
    }
}
