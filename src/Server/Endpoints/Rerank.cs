using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Validation;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Server.Endpoints;

/// <summary><c>POST /v1/rerank</c> and the other paths that clients know it by.</summary>
internal static class Rerank
{
    /// <summary>Maps them all.</summary>
    public static void MapRerank(this IEndpointRouteBuilder routes)
    {
        routes.MapV1("/rerank", HttpMethods.Post, RankAsync)
            .WithName("rerank").WithTags("Embeddings")
            .WithSummary("Ranks documents by how well they answer a query; only where the embedding model is a reranker.")
            .WithBody<RerankRequest>()
            .Produces<RerankResponse>()
            .WithErrors(400, 401, 403, 404, 413, 415, 429, 500, 503);
        routes.MapV1("/reranking", HttpMethods.Post, RankAsync).ExcludeFromDescription();
    }

    private static Task RankAsync(HttpContext context)
    {
        var pipeline = context.RequestServices.GetRequiredService<EmbeddingPipeline>();
        return JsonRequest.RunAsync(context, pipeline.TryEnter, (body, _) => AnswerAsync(context, pipeline, body));
    }

    private static async Task<RequestError?> AnswerAsync(HttpContext context, EmbeddingPipeline pipeline, JsonElement body)
    {
        if (!pipeline.Find().TryGet(out var model, out var error) || !RerankRequestValidator.Validate(body).TryGet(out var request, out error))
        {
            return error;
        }

        if (pipeline.CheckName(request.Model) is { } unknown)
        {
            return unknown;
        }

        if (!model.Embedding.IsReranker)
        {
            return RequestError.UnsupportedValue(
                "model", $"The model '{model.Id}' gives embeddings and cannot rank documents; name a reranker by the setting Inference:EmbeddingModelPath.");
        }

        var inputs = request.Documents.Select(document => ToInput(model.Embedding, request, document)).ToImmutableArray();
        var computed = await pipeline.EmbedAsync(
            inputs, request.DocumentsField, index => JsonFields.Item(request.DocumentsField, index), context.RequestAborted);
        if (!computed.TryGet(out var result, out error))
        {
            return error;
        }

        var numTokens = result.Embeddings.Sum(embedding => embedding.NumTokens);
        context.Features.GetRequiredFeature<ClientAccount>().Charge(numTokens);
        context.Features.Set(new EmbeddingLogEntry(numTokens));

        var ranked = result.Embeddings
            .Select((score, index) => (Index: index, Score: ScoreOf(score.Values.Span[0], request, model)))
            .OrderByDescending(item => item.Score)
            .Take(request.TopN ?? int.MaxValue);
        if (request.IsTei)
        {
            IReadOnlyList<RankedText> texts = [.. ranked.Select(item => ToText(item.Index, item.Score, request))];
            await context.WriteJsonAsync(StatusCodes.Status200OK, texts, OpenAiJson.Wire.IReadOnlyListRankedText);
            return null;
        }

        var response = new RerankResponse
        {
            Model = model.Id,
            Usage = new InputUsage { PromptTokens = numTokens },
            Results = [.. ranked.Select(item => ToDocument(item.Index, item.Score, request))],
        };
        await context.WriteJsonAsync(StatusCodes.Status200OK, response, OpenAiJson.Wire.RerankResponse);
        return null;
    }

    private static RankedText ToText(int index, float score, ValidRerankRequest request) =>
        new() { Index = index, Score = score, Text = request.ReturnText ? request.Documents[index] : null };

    private static RankedDocument ToDocument(int index, float score, ValidRerankRequest request) =>
        new() { Index = index, RelevanceScore = score, Document = request.ReturnText ? new DocumentText(request.Documents[index]) : null };

    // As Jina, TEI and vLLM do, and unlike llama.cpp's server, which hands out the logit.
    private static float ScoreOf(float score, ValidRerankRequest request, ServedEmbeddingModel model) =>
        request.RawScores || model.GivesProbabilities ? score : 1 / (1 + MathF.Exp(-score));

    private static EmbedInput ToInput(EmbeddingMetadata model, ValidRerankRequest request, string document)
    {
        var input = model.RerankTemplate is { } template
            ? EmbedInput.FromPrompt(RerankPrompt.Render(template, request.Query, document))
            : EmbedInput.FromPair(request.Query, document);
        return input with { Truncate = request.Truncate };
    }
}
