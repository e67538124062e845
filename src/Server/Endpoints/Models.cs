using System.Globalization;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{id}</c>. Answered from the file's header, so also while the model loads.</summary>
internal static class Models
{
    /// <summary>Maps both.</summary>
    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        routes.MapV1("/models", HttpMethods.Get, ListAsync)
            .WithName("listModels").WithTags("Models").WithSummary("Lists the served models.")
            .Produces<ModelList>().WithErrors(401, 403);
        routes.MapV1("/models/{**id}", HttpMethods.Get, GetAsync)
            .WithName("retrieveModel").WithTags("Models").WithSummary("Describes a model; ids may hold slashes, raw or escaped.")
            .Produces<ModelObject>().WithErrors(401, 403, 404);
    }

    private static Task ListAsync(HttpContext context)
    {
        var model = context.RequestServices.GetRequiredService<ServedModel>();

        // The chat model first: some clients take the first for their default.
        var models = new List<ModelObject> { ToObject(model, model.Id) };
        if (model.Embedding is { } embedding)
        {
            models.Add(ToObject(embedding));
        }

        return context.WriteJsonAsync(StatusCodes.Status200OK, new ModelList { Data = models }, OpenAiJson.Wire.ModelList);
    }

    private static Task GetAsync(HttpContext context)
    {
        var model = context.RequestServices.GetRequiredService<ServedModel>();

        // Routing decodes everything but %2F.
        var id = Uri.UnescapeDataString(Convert.ToString(context.GetRouteValue("id"), CultureInfo.InvariantCulture) ?? "");
        var found = model.IsNamed(id) ? ToObject(model, id)
            : model.Embedding is { } embedding && embedding.Id == id ? ToObject(embedding)
            : null;
        return found is not null
            ? context.WriteJsonAsync(StatusCodes.Status200OK, found, OpenAiJson.Wire.ModelObject)
            : context.WriteErrorAsync(RequestError.UnknownModel(id));
    }

    private static ModelObject ToObject(ServedModel model, string id) => new()
    {
        Id = id,
        Created = model.Created,
        DisplayName = model.Metadata.Name,
        Aliases = [.. model.Aliases.Prepend(model.Id).Where(name => name != id)],
        MaxModelLen = model.ContextLength,
        ContextLength = model.ContextLength,
        Meta = ToMeta(model.Metadata, model.ContextLength),
    };

    private static ModelObject ToObject(ServedEmbeddingModel model) => new()
    {
        Id = model.Id,
        Created = model.Created,
        DisplayName = model.Metadata.Name,
        Aliases = [],
        MaxModelLen = model.Embedding.MaxInputTokens,
        ContextLength = model.Embedding.MaxInputTokens,
        Meta = ToMeta(model.Metadata, model.Embedding.MaxInputTokens),
    };

    private static ModelMeta ToMeta(ModelMetadata metadata, int contextLength) => new()
    {
        NCtx = contextLength,
        NCtxTrain = metadata.ContextLength,
        NVocab = metadata.VocabularySize,
        NEmbd = metadata.EmbeddingLength,
        NParams = metadata.ParameterCount,
        Size = metadata.FileSize,
        Architecture = metadata.Architecture,
        Quantization = metadata.Quantization,
    };
}
