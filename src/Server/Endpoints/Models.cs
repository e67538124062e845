using System.Globalization;
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
        return context.WriteJsonAsync(StatusCodes.Status200OK, new ModelList { Data = [ToObject(model, model.Id)] }, OpenAiJson.Wire.ModelList);
    }

    private static Task GetAsync(HttpContext context)
    {
        var model = context.RequestServices.GetRequiredService<ServedModel>();

        // Routing decodes everything but %2F.
        var id = Uri.UnescapeDataString(Convert.ToString(context.GetRouteValue("id"), CultureInfo.InvariantCulture) ?? "");
        return model.IsNamed(id)
            ? context.WriteJsonAsync(StatusCodes.Status200OK, ToObject(model, id), OpenAiJson.Wire.ModelObject)
            : context.WriteErrorAsync(RequestError.UnknownModel(id));
    }

    private static ModelObject ToObject(ServedModel model, string id) => new()
    {
        Id = id,
        Created = model.Created,
        Aliases = [.. model.Aliases.Prepend(model.Id).Where(name => name != id)],
        MaxModelLen = model.ContextLength,
        ContextLength = model.ContextLength,
        Meta = new ModelMeta
        {
            NCtx = model.ContextLength,
            NCtxTrain = model.Metadata.ContextLength,
            NVocab = model.Metadata.VocabularySize,
            NEmbd = model.Metadata.EmbeddingLength,
            NParams = model.Metadata.ParameterCount,
            Size = model.Metadata.FileSize,
            Architecture = model.Metadata.Architecture,
            Quantization = model.Metadata.Quantization,
        },
    };
}
