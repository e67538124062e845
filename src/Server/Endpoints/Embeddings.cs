using System.Numerics.Tensors;
using System.Text.Json;
using InferenceServer.Inference.Engine;
using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Validation;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Server.Endpoints;

/// <summary><c>POST /v1/embeddings</c>.</summary>
internal static class Embeddings
{
    /// <summary>Maps it.</summary>
    public static void MapEmbeddings(this IEndpointRouteBuilder routes) =>
        routes.MapV1("/embeddings", HttpMethods.Post, EmbedAsync)
            .WithName("createEmbedding").WithTags("Embeddings")
            .WithSummary("Turns texts or token ids into vectors of length 1.")
            .WithBody<EmbeddingsRequest>()
            .Produces<EmbeddingsResponse>()
            .WithErrors(400, 401, 403, 404, 413, 415, 429, 500, 503);

    private static Task EmbedAsync(HttpContext context)
    {
        var pipeline = context.RequestServices.GetRequiredService<EmbeddingPipeline>();
        return JsonRequest.RunAsync(context, pipeline.TryEnter, (body, _) => AnswerAsync(context, pipeline, body));
    }

    private static async Task<RequestError?> AnswerAsync(HttpContext context, EmbeddingPipeline pipeline, JsonElement body)
    {
        if (!pipeline.Find().TryGet(out var model, out var error) || !EmbeddingRequestValidator.Validate(body, model).TryGet(out var request, out error))
        {
            return error;
        }

        if (pipeline.CheckName(request.Model) is { } unknown)
        {
            return unknown;
        }

        if (model.Embedding.IsReranker)
        {
            return RequestError.UnsupportedValue("model", $"The model '{model.Id}' is a reranker: it gives scores and no embeddings. Use /v1/rerank.");
        }

        string PlaceOf(int index) => request.IsList ? JsonFields.Item("input", index) : "input";
        var computed = await pipeline.EmbedAsync(request.Inputs, "input", PlaceOf, context.RequestAborted);
        if (!computed.TryGet(out var result, out error))
        {
            return error;
        }

        var numTokens = result.Embeddings.Sum(embedding => embedding.NumTokens);
        context.Features.GetRequiredFeature<ClientAccount>().Charge(numTokens);
        context.Features.Set(new EmbeddingLogEntry(numTokens));

        var response = new EmbeddingsResponse
        {
            Data = [.. result.Embeddings.Select((embedding, index) => ToObject(embedding, index, request))],
            Model = model.Id,
            Usage = new InputUsage { PromptTokens = numTokens },
        };
        await context.WriteJsonAsync(StatusCodes.Status200OK, response, OpenAiJson.Wire.EmbeddingsResponse);
        return null;
    }

    private static EmbeddingObject ToObject(Embedding embedding, int index, ValidEmbeddingRequest request) =>
        new() { Index = index, Embedding = new EmbeddingVector(Shorten(embedding.Values, request.Dimensions), request.IsBase64) };

    /// <summary>The first numbers, brought back to length 1, as models trained for it want (Matryoshka).</summary>
    private static ReadOnlyMemory<float> Shorten(ReadOnlyMemory<float> values, int? dimensions)
    {
        if (dimensions is not { } count || count >= values.Length)
        {
            return values;
        }

        var kept = values[..count].ToArray();
        var norm = TensorPrimitives.Norm(kept);
        if (norm > 0)
        {
            TensorPrimitives.Divide(kept, norm, kept);
        }

        return kept;
    }
}
