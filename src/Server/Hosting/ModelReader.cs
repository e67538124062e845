using InferenceServer.Inference;
using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Downloads;
using InferenceServer.Server.Machines;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Server.Hosting;

/// <summary>Finds and checks the models' files and the chat template, before anything heavy happens.</summary>
internal static class ModelReader
{
    /// <summary>What <see cref="Inference.InferenceOptions.EmbeddingModelPath"/> stands for when it is not set.</summary>
    private const string EmbeddedEmbeddingModel = "models/all-MiniLM-L6-v2.Q8_0.gguf";

    /// <summary>Reads what the settings name. Throws <see cref="StartupException"/>.</summary>
    public static ServedModel Read(Settings settings)
    {
        var locator = new ModelLocator(ModelFolder.From(settings.Server), HuggingFace.FromEnvironment());
        var path = locator.Find(settings.Inference.ModelPath);
        var result = ModelFile.Read(path);
        if (!result.IsUsable)
        {
            throw new StartupException(ExitCode.BadModel, Describe(result, path));
        }

        var machine = settings.Engine.Isolation == EngineIsolation.Process
            ? ThisMachine.ReadFromOutside(settings.Inference)
            : ThisMachine.Read(settings.Inference, NullLogger.Instance);
        var metadata = result.File.Metadata;
        return new ServedModel(
            metadata,
            ReadTemplate(settings, metadata),
            settings,
            File.GetLastWriteTimeUtc(metadata.Path),
            ReadEmbedding(settings.Inference.EmbeddingModelPath, locator))
        {
            Files = result.File.Paths,
            Plan = MemoryCheck.Plan(result.File, settings, machine),
            Roofline = new Roofline(result.File, settings.Inference.KvCacheType),
            Chip = machine.Chip,
        };
    }

    /// <summary>Why a model that the settings name is not there, or not whole; null if all are.</summary>
    public static string? FindAbsent(Settings settings)
    {
        var locator = new ModelLocator(ModelFolder.From(settings.Server), HuggingFace.FromEnvironment());
        return FindAbsent(locator, settings.Inference.ModelPath, ModelPurpose.Generation)
            ?? (settings.Inference.EmbeddingModelPath is { } path ? FindAbsent(locator, path, ModelPurpose.Embedding) : null);
    }

    private static string? FindAbsent(ModelLocator locator, string name, ModelPurpose purpose)
    {
        try
        {
            var result = ModelFile.Read(locator.Find(name), purpose);
            return result.Error is ModelFileError.NotFound or ModelFileError.MissingShard ? result.Message : null;
        }
        catch (StartupException e)
        {
            // Pulled models, too, may lie on a volume that is mounted later.
            return e.Message;
        }
    }

    private static string Describe(ModelFileResult result, string path) =>
        result.Error == ModelFileError.NoPermission && FileDenial.Explain(path) is { } reason ? $"{result.Message} {reason}" : result.Message!;

    // Whoever installs the program without the embedded model gets a server without embeddings, not one that does not start.
    private static ServedEmbeddingModel? ReadEmbedding(string? path, ModelLocator locator)
    {
        var file = locator.Find(path ?? EmbeddedEmbeddingModel);
        var result = ModelFile.Read(file, ModelPurpose.Embedding);
        if (result.IsUsable)
        {
            var metadata = result.File.Metadata;
            return new ServedEmbeddingModel(metadata, File.GetLastWriteTimeUtc(metadata.Path));
        }

        return path is null && result.Error == ModelFileError.NotFound ? null : throw new StartupException(ExitCode.BadModel, Describe(result, file));
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
