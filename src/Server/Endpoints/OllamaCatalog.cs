using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Ollama;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary><c>/api/version</c>, <c>/api/tags</c>, <c>/api/ps</c> and <c>/api/show</c>: what Ollama's clients ask before they talk. Answered while the model loads, too.</summary>
internal static class OllamaCatalog
{
    // The release whose API these endpoints have; clients compare it with the oldest that they work with.
    private const string ApiVersion = "0.32.6";

    // Far away, and a date that every client can read.
    private static readonly DateTimeOffset Never = new(2300, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Maps them all.</summary>
    public static void MapOllamaCatalog(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/api/version", [HttpMethods.Get], (Func<HttpContext, Task>)VersionAsync)
            .WithName("ollamaVersion").WithTags("Ollama").WithSummary("The release of Ollama whose API this is.")
            .Produces<OllamaVersion>().WithErrors<OllamaErrorBody>(401, 403);
        routes.MapMethods("/api/tags", [HttpMethods.Get], (Func<HttpContext, Task>)TagsAsync)
            .WithName("ollamaTags").WithTags("Ollama").WithSummary("Lists the served models.")
            .Produces<OllamaModelList>().WithErrors<OllamaErrorBody>(401, 403);
        routes.MapMethods("/api/ps", [HttpMethods.Get], (Func<HttpContext, Task>)LoadedAsync)
            .WithName("ollamaPs").WithTags("Ollama").WithSummary("Lists the models in memory.")
            .Produces<OllamaModelList>().WithErrors<OllamaErrorBody>(401, 403);
        routes.MapMethods("/api/show", [HttpMethods.Post], (Func<HttpContext, Task>)ShowAsync)
            .WithName("ollamaShow").WithTags("Ollama").WithSummary("Describes a model and what it can do.")
            .WithBody<OllamaShowRequest>()
            .Produces<OllamaShowResponse>().WithErrors<OllamaErrorBody>(400, 401, 403, 404, 413, 415);
    }

    private static Task VersionAsync(HttpContext context) =>
        context.WriteJsonAsync(StatusCodes.Status200OK, new OllamaVersion(ApiVersion), OllamaJson.Wire.OllamaVersion);

    private static Task TagsAsync(HttpContext context)
    {
        var model = context.RequestServices.GetRequiredService<ServedModel>();
        var models = new List<OllamaModel> { ToModel(model.Id, model.Metadata, model.Created) };
        if (model.Embedding is { } embedding)
        {
            models.Add(ToModel(embedding.Id, embedding.Metadata, embedding.Created));
        }

        return context.WriteJsonAsync(StatusCodes.Status200OK, new OllamaModelList(models), OllamaJson.Wire.OllamaModelList);
    }

    private static Task LoadedAsync(HttpContext context)
    {
        var model = context.RequestServices.GetRequiredService<ServedModel>();
        var isLoaded = context.RequestServices.GetRequiredService<IInferenceEngine>().State == EngineState.Ready;
        var models = isLoaded
            ? [ToModel(model.Id, model.Metadata, model.Created) with { ModifiedAt = null, ExpiresAt = Never, ContextLength = model.ContextLength }]
            : Array.Empty<OllamaModel>();
        return context.WriteJsonAsync(StatusCodes.Status200OK, new OllamaModelList(models), OllamaJson.Wire.OllamaModelList);
    }

    private static async Task ShowAsync(HttpContext context)
    {
        var settings = context.RequestServices.GetRequiredService<Settings>();
        if (!(await RequestBody.ReadAsync(context.Request, settings.Server.MaxRequestBodyBytes, context.RequestAborted)).TryGet(out var body, out var error))
        {
            await context.WriteErrorAsync(error);
            return;
        }

        using (body)
        {
            var errors = new RequestErrors();
            var fields = new JsonFields(body.Root, "", errors);
            var name = OllamaRequestReader.NameOf(fields.Text("model") ?? fields.Text("name"));
            fields.Flag("verbose");
            if (!errors.IsEmpty)
            {
                await context.WriteErrorAsync(errors.Merge());
                return;
            }

            var model = context.RequestServices.GetRequiredService<ServedModel>();
            if (model.Embedding is { } embedding && name == embedding.Id)
            {
                await context.WriteJsonAsync(StatusCodes.Status200OK, Show(embedding), OllamaJson.Wire.OllamaShowResponse);
            }
            else if (model.IsStrict && name is not null && !model.IsNamed(name))
            {
                await context.WriteErrorAsync(RequestError.UnknownModel(name));
            }
            else
            {
                var canInsert = context.RequestServices.GetRequiredService<IInferenceEngine>().Infill is not null;
                await context.WriteJsonAsync(StatusCodes.Status200OK, Show(model, canInsert), OllamaJson.Wire.OllamaShowResponse);
            }
        }
    }

    private static OllamaModel ToModel(string id, ModelMetadata metadata, long created) => new()
    {
        Name = id,
        Model = id,
        ModifiedAt = DateTimeOffset.FromUnixTimeSeconds(created),
        Size = metadata.FileSize,
        Digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', id, metadata.Name, metadata.FileSize, metadata.ParameterCount, created)))),
        Details = ToDetails(metadata),
    };

    private static OllamaModelDetails ToDetails(ModelMetadata metadata) => new()
    {
        Family = metadata.Architecture,
        Families = [metadata.Architecture],
        ParameterSize = metadata.ParameterCount switch
        {
            >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{metadata.ParameterCount / 1e9:0.#}B"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{metadata.ParameterCount / 1e6:0.##}M"),
        },
        QuantizationLevel = metadata.Quantization ?? "",
    };

    private static OllamaShowResponse Show(ServedModel model, bool canInsert)
    {
        var source = model.Template.Source;
        var thinks = source.Contains("think", StringComparison.OrdinalIgnoreCase) || source.Contains("reasoning", StringComparison.OrdinalIgnoreCase);

        // Whatever the template knows of tools: it is told by other means if that is nothing.
        string?[] capabilities = ["completion", "tools", thinks ? "thinking" : null, canInsert ? "insert" : null];
        return new OllamaShowResponse
        {
            Parameters = ToParameters(model.Metadata.Sampling),
            Template = source,
            Details = ToDetails(model.Metadata),
            ModelInfo = ToInfo(model.Metadata, model.ContextLength),
            Capabilities = [.. capabilities.OfType<string>()],
            ModifiedAt = DateTimeOffset.FromUnixTimeSeconds(model.Created),
        };
    }

    private static OllamaShowResponse Show(ServedEmbeddingModel model) => new()
    {
        Parameters = "",
        Template = "",
        Details = ToDetails(model.Metadata),
        ModelInfo = ToInfo(model.Metadata, model.Embedding.MaxInputTokens),
        Capabilities = ["embedding"],
        ModifiedAt = DateTimeOffset.FromUnixTimeSeconds(model.Created),
    };

    private static string ToParameters(SamplingDefaults sampling)
    {
        (string Name, IFormattable? Value)[] values =
        [
            ("temperature", sampling.Temperature), ("top_p", sampling.TopP), ("top_k", sampling.TopK), ("min_p", sampling.MinP), ("repeat_penalty", sampling.RepeatPenalty),
            ("repeat_last_n", sampling.RepeatLastN),
        ];
        return string.Join('\n', values.Where(value => value.Value is not null).Select(value => $"{value.Name} {value.Value!.ToString(null, CultureInfo.InvariantCulture)}"));
    }

    private static Dictionary<string, JsonElement> ToInfo(ModelMetadata metadata, int contextLength)
    {
        var architecture = metadata.Architecture;
        return new(StringComparer.Ordinal)
        {
            ["general.architecture"] = JsonSerializer.SerializeToElement(architecture, OllamaJson.Wire.String),
            ["general.basename"] = JsonSerializer.SerializeToElement(metadata.Name, OllamaJson.Wire.String),
            ["general.parameter_count"] = JsonSerializer.SerializeToElement(metadata.ParameterCount, OllamaJson.Wire.Int64),
            [$"{architecture}.block_count"] = JsonSerializer.SerializeToElement(metadata.BlockCount, OllamaJson.Wire.Int32),
            [$"{architecture}.context_length"] = JsonSerializer.SerializeToElement(contextLength, OllamaJson.Wire.Int32),
            [$"{architecture}.embedding_length"] = JsonSerializer.SerializeToElement(metadata.EmbeddingLength, OllamaJson.Wire.Int32),
            [$"{architecture}.vocab_size"] = JsonSerializer.SerializeToElement(metadata.VocabularySize, OllamaJson.Wire.Int32),
        };
    }
}
