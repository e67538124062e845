using InferenceServer.Server.Commands;

namespace InferenceServer.Server.Hosting;

/// <summary>Where settings come from; later ones win.</summary>
internal static class SettingsSources
{
    private const string FileName = "appsettings.json";

    /// <summary>
    /// appsettings.json of the program's folder, then of the working directory, then the environment, then the command line.
    /// Throws <see cref="StartupException"/> if a file is no JSON.
    /// </summary>
    /// <param name="builder">Emptied first.</param>
    /// <param name="commandLine">Settings that the command line named.</param>
    public static void AddSettings(this IConfigurationBuilder builder, IReadOnlyDictionary<string, string?> commandLine)
    {
        builder.Sources.Clear();
        foreach (var folder in new[] { AppContext.BaseDirectory, Environment.CurrentDirectory }.Distinct())
        {
            var file = Path.Combine(folder, FileName);
            try
            {
                builder.AddJsonFile(file, optional: true, reloadOnChange: false);
            }
            catch (InvalidDataException e)
            {
                throw new StartupException(ExitCode.BadOptions, $"{file} cannot be read: {e.InnerException?.Message ?? e.Message}");
            }
        }

        builder.AddEnvironmentVariables().AddInMemoryCollection(commandLine);
    }
}
