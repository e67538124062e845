using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Commands;

namespace InferenceServer.Server.Hosting;

/// <summary>Finds and checks the models' files and the chat template, before anything heavy happens.</summary>
internal static class ModelReader
{
    /// <summary>What <see cref="Inference.InferenceOptions.EmbeddingModelPath"/> stands for when it is not set.</summary>
    private const string EmbeddedEmbeddingModel = "models/all-MiniLM-L6-v2.Q8_0.gguf";

    /// <summary>Reads what the settings name. Throws <see cref="StartupException"/>.</summary>
    public static ServedModel Read(Settings settings)
    {
        var result = ModelFile.Read(Find(settings.Inference.ModelPath));
        if (!result.IsUsable)
        {
            throw new StartupException(ExitCode.BadModel, result.Message);
        }

        var metadata = result.File.Metadata;
        return new ServedModel(
            metadata,
            ReadTemplate(settings, metadata),
            settings,
            File.GetLastWriteTimeUtc(metadata.Path),
            ReadEmbedding(settings.Inference.EmbeddingModelPath));
    }

    // Whoever installs the program without the embedded model gets a server without embeddings, not one that does not start.
    private static ServedEmbeddingModel? ReadEmbedding(string? path)
    {
        var result = ModelFile.Read(Find(path ?? EmbeddedEmbeddingModel), ModelPurpose.Embedding);
        if (result.IsUsable)
        {
            var metadata = result.File.Metadata;
            return new ServedEmbeddingModel(metadata, File.GetLastWriteTimeUtc(metadata.Path));
        }

        return path is null && result.Error == ModelFileError.NotFound ? null : throw new StartupException(ExitCode.BadModel, result.Message);
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
