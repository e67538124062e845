using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Commands;

namespace InferenceServer.Server.Hosting;

/// <summary>Finds and checks the model's file and its chat template, before anything heavy happens.</summary>
internal static class ModelReader
{
    /// <summary>Reads what the settings name. Throws <see cref="StartupException"/>.</summary>
    public static ServedModel Read(Settings settings)
    {
        var result = ModelFile.Read(Find(settings.Inference.ModelPath));
        if (!result.IsUsable)
        {
            throw new StartupException(ExitCode.BadModel, result.Message);
        }

        var metadata = result.File.Metadata;
        return new ServedModel(metadata, ReadTemplate(settings, metadata), settings, File.GetLastWriteTimeUtc(metadata.Path));
    }

    // As InferenceOptions.ModelPath says. The program's parent folders come last: they hold models/ when it runs from its build.
    private static string Find(string path)
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

        return Path.GetFullPath(path);
    }

    private static ChatTemplate ReadTemplate(Settings settings, ModelMetadata metadata)
    {
        var file = settings.Inference.ChatTemplate;
        var name = file is null ? $"The chat template of {metadata.Path}" : $"The chat template {file}";
        try
        {
            var source = file is null ? metadata.ChatTemplate : File.ReadAllText(file);
            return ChatTemplate.Parse(source ?? ChatTemplate.FallbackSource, metadata.BosToken, metadata.EosToken);
        }
        catch (TemplateSyntaxException e)
        {
            throw new StartupException(ExitCode.BadModel, $"{name} cannot be parsed: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartupException(ExitCode.BadModel, $"{name} cannot be read: {e.Message}");
        }
    }
}
