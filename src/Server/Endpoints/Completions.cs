using System.Text.Json;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary><c>POST /v1/completions</c>.</summary>
internal static class Completions
{
    /// <summary>Maps it.</summary>
    public static void MapCompletions(this IEndpointRouteBuilder routes) =>
        routes.MapV1("/completions", HttpMethods.Post, CompleteAsync)
            .WithName("createCompletion").WithTags("Completions")
            .WithSummary("Goes on with a text, at once or as a stream of server-sent events, or scores it.")
            .WithBody<CompletionRequest>()
            .Produces<CompletionResponse>()
            .WithEvents<CompletionResponse>()
            .WithErrors(400, 401, 403, 404, 413, 415, 429, 500, 503);

    private static Task CompleteAsync(HttpContext context) =>
        JsonRequest.RunAsync(context, context.RequestServices.GetRequiredService<GenerationStarter>().TryEnter, (body, permit) => AnswerAsync(context, body, permit));

    private static async Task<RequestError?> AnswerAsync(HttpContext context, JsonElement body, AdmissionGate.Permit permit)
    {
        var model = context.RequestServices.GetRequiredService<ServedModel>();
        var pipeline = context.RequestServices.GetRequiredService<CompletionPipeline>();
        if (!CompletionRequestValidator.Validate(body, model.Metadata.VocabularySize).TryGet(out var request, out var error)
            || !(await pipeline.StartAsync(request, permit, context.RequestAborted)).TryGet(out var generation, out error))
        {
            return error;
        }

        var identity = context.NewIdentity("cmpl-", request);
        await context.WriteAnswerAsync(
            request,
            generation,
            identity,
            (output, includeUsage) => new CompletionChunkWriter(output, identity, includeUsage),
            answers => context.WriteJsonAsync(
                StatusCodes.Status200OK,
                CompletionAggregator.ToResponse(generation, answers, identity, request.NumChoices, request.ReportsLogProbs),
                OpenAiJson.Wire.CompletionResponse));
        return null;
    }
}
