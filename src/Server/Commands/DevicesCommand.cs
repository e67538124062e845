using System.CommandLine;
using InferenceServer.Inference;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Server.Machines;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Server.Commands;

/// <summary><c>devices</c>, which no help shows: what the server asks a process of its own program for, see <see cref="ProbedDevices"/>.</summary>
internal static class DevicesCommand
{
    /// <summary>The word.</summary>
    public const string Name = "devices";

    /// <summary>The command, to be added to the root.</summary>
    public static Command Create()
    {
        var command = new Command(Name, "The GPUs that a name selects. The server asks for them.") { Hidden = true };
        var device = new Argument<string>("device") { Description = "As the option --device." };
        command.Arguments.Add(device);
        command.SetAction(result =>
        {
            Console.Out.Write(ProbedDevices.Write(PlanDevice.Select(new InferenceOptions { Device = result.GetValue(device)! }, NullLogger.Instance)));
            return (int)ExitCode.Ok;
        });
        return command;
    }
}
