using System.CommandLine;
using InferenceServer.Server.Downloads;

namespace InferenceServer.Server.Commands;

/// <summary><c>models</c>: what was pulled, whole or not, and what is recommended.</summary>
internal static class ModelsCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("models", "Lists the models that were pulled; --model takes their names.");
        var catalogue = new Option<bool>("--catalogue") { Description = "List recommended models instead." };
        command.Options.Add(catalogue);
        var settings = new CommandLineSettings(command, CommandLineOption.All.Where(option => option.Key == "Server:ModelFolder"));
        command.SetAction(result =>
        {
            var folder = ModelFolder.From(settings.ReadOne(result, "Server:ModelFolder"));
            if (result.GetValue(catalogue))
            {
                ModelTable.WriteRecommended(Console.Out);
            }
            else
            {
                ModelTable.WriteStored(folder, Console.Out);
            }

            return (int)ExitCode.Ok;
        });
        return command;
    }
}
