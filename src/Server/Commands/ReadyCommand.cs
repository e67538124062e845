using System.CommandLine;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Commands;

/// <summary><c>ready</c>: asks the server of these settings whether it is ready, for health checks where there is no other client.</summary>
internal static class ReadyCommand
{
    /// <summary>The command, to be added to the root.</summary>
    public static Command Create()
    {
        var ready = new Command("ready", "Asks the server that has these settings on this machine whether it is ready. Ends with 0 if it is, and says nothing.");
        var settings = new CommandLineSettings(ready, CommandLineOption.All);
        ready.SetAction(async (result, cancellationToken) => (int)(await LocalClient.IsReadyAsync(settings.ReadAll(result), cancellationToken) ? ExitCode.Ok : ExitCode.ServiceFailed));
        return ready;
    }
}
