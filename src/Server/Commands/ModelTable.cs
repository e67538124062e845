using System.Globalization;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Downloads;

namespace InferenceServer.Server.Commands;

/// <summary>Shows lists of models to people.</summary>
internal static class ModelTable
{
    /// <summary>Writes what is in a folder.</summary>
    public static void WriteStored(ModelFolder folder, TextWriter output)
    {
        var models = folder.List();
        if (models.Count == 0)
        {
            output.WriteLine($"There is no model in {folder.Path}. 'pull' lists some to begin with.");
            return;
        }

        var table = PlainConsole.NewTable("name", "size", "quantization", "context", "state", "path");
        foreach (var model in models)
        {
            var metadata = model.IsWhole ? Read(model.Path) : null;
            table.AddTexts(
                model.Name,
                DataSize.Text(model.Size),
                metadata?.Quantization ?? "",
                metadata?.ContextLength.ToString("N0", CultureInfo.InvariantCulture) ?? "",
                State(model, metadata),
                model.Path);
        }

        PlainConsole.Write(output, table);
    }

    /// <summary>Writes the recommended models.</summary>
    public static void WriteRecommended(TextWriter output)
    {
        var table = PlainConsole.NewTable("name", "size", "for machines with", "licence", "source");
        foreach (var model in RecommendedModel.All)
        {
            table.AddTexts(model.Name, string.Create(CultureInfo.InvariantCulture, $"{model.Gigabytes:F1} GB"), $"{model.Memory} GB", model.Licence, model.Source);
        }

        PlainConsole.Write(output, table);
        output.WriteLine();
        output.WriteLine("'plan NAME' tells whether a model fits and how fast it can be, 'pull NAME' downloads it, '--model NAME' serves it.");
    }

    private static ModelMetadata? Read(string path)
    {
        var result = ModelFile.Read(path);
        result = result.Error == ModelFileError.NotGenerative ? ModelFile.Read(path, ModelPurpose.Embedding) : result;
        return result.File?.Metadata;
    }

    private static string State(StoredModel model, ModelMetadata? metadata) => model switch
    {
        { IsWhole: true } => metadata is not null ? "complete" : "not usable",
        { Length: > 0 } => string.Create(CultureInfo.InvariantCulture, $"partial, {model.Size * 100 / model.Length} %"),
        _ => "partial",
    };
}
