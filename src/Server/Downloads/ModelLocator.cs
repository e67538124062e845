using InferenceServer.Server.Commands;

namespace InferenceServer.Server.Downloads;

/// <summary>From what an operator calls a model to its file: a path, the name of a pulled model, or the source that it was pulled from.</summary>
internal sealed class ModelLocator(ModelFolder folder, HuggingFace hub)
{
    /// <summary>
    /// The full path: of what exists, or of what was meant. Throws <see cref="StartupException"/> if a name means none, several models, one that is
    /// not whole, or a source that was not pulled.
    /// </summary>
    public string Find(string name)
    {
        if (ModelSource.IsRemote(name))
        {
            return FindPulled(name, name);
        }

        if (FindFile(name) is { } path)
        {
            return path;
        }

        return folder.Find(name) switch
        {
            [] => RecommendedModel.Find(name) is { } recommended ? FindPulled(recommended.Source, name) : FindNothing(name),
            [{ IsWhole: true } model] => model.Path,
            [var model] => throw new StartupException(ExitCode.BadModel, $"{model.Path} is not whole: a download is running or was stopped. The same 'pull' goes on with it."),
            var models => throw new StartupException(ExitCode.BadModel, $"'{name}' is the name of several models: {string.Join(", ", models.Select(model => $"{model.Group}/{model.Name}"))}."),
        };
    }

    // Relative paths start at the working directory, then at the program's folder. Its parent folders come last: they hold models/ when it runs from its build.
    private static string? FindFile(string path)
    {
        if (Path.IsPathRooted(path) || Path.Exists(path))
        {
            return Path.GetFullPath(path);
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, path);
            if (Path.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }

    // What looks like a path was meant as one, and is said not to be there by whoever reads it.
    private string FindNothing(string name) => name.Contains('/', StringComparison.Ordinal) || Path.GetExtension(name).Equals(".gguf", StringComparison.OrdinalIgnoreCase)
        ? Path.GetFullPath(name)
        : throw new StartupException(ExitCode.BadModel, $"There is no file and no model '{name}' (pulled ones are in {folder.Path}): 'models' lists those, 'models --catalogue' some to pull.");

    private string FindPulled(string source, string name)
    {
        var parsed = ModelSource.Parse(source, hub, out var error) ?? throw new StartupException(ExitCode.BadModel, error!);
        var path = folder.PathOf(parsed.All()[0]);
        return File.Exists(path) ? path : throw new StartupException(ExitCode.BadModel, $"{name} was not pulled to {folder.Path}: run 'pull {name}' first.");
    }
}
