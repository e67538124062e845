using System.CommandLine;
using InferenceServer.Inference.Remote;

namespace InferenceServer.Server.Commands;

/// <summary><c>engine</c>, which no help shows: the engine's process, started by the server and by nobody else.</summary>
internal static class EngineCommand
{
    /// <summary>The word.</summary>
    public const string Name = "engine";

    /// <summary>The command, to be added to the root.</summary>
    public static Command Create()
    {
        var command = new Command(Name, "The engine's process. The server starts it.") { Hidden = true };
        var socket = new Argument<string>("socket") { Description = "Where the server listens." };
        var host = new Argument<int>("host") { Description = "The server's process." };
        command.Arguments.Add(socket);
        command.Arguments.Add(host);
        command.SetAction(result =>
        {
            EngineServer.Run(result.GetValue(socket)!, result.GetValue(host));
            return (int)ExitCode.Ok;
        });
        return command;
    }
}
