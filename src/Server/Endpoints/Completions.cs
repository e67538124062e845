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

    private static async Task CompleteAsync(HttpContext context)
    {
        var services = context.RequestServices;
        var starter = services.GetRequiredService<GenerationStarter>();
        if (starter.WhyUnavailable() is { } unavailable)
        {
            await context.WriteErrorAsync(unavailable);
            return;
        }

        var settings = services.GetRequiredService<Settings>();
        var bound = await RequestBody.ReadAsync(context.Request, settings.Server.MaxRequestBodyBytes, context.RequestAborted);
        if (!bound.TryGet(out var body, out var error))
        {
            await context.WriteErrorAsync(error);
            return;
        }

        using (body)
        using (var permit = starter.TryEnter())
        {
            if (permit is null)
            {
                await context.WriteErrorAsync(RequestError.Busy());
                return;
            }

            var model = services.GetRequiredService<ServedModel>();
            if (!CompletionRequestValidator.Validate(body.Root, model.Metadata.VocabularySize).TryGet(out var request, out error)
                || !(await services.GetRequiredService<CompletionPipeline>().StartAsync(request, permit, context.RequestAborted)).TryGet(out var generation, out error))
            {
                await context.WriteErrorAsync(error);
                return;
            }

            var identity = context.NewIdentity("cmpl", request);
            await context.WriteAnswerAsync(
                request,
                generation,
                identity,
                (output, includeUsage) => new CompletionChunkWriter(output, identity, includeUsage),
                texts => context.WriteJsonAsync(
                    StatusCodes.Status200OK,
                    CompletionAggregator.ToResponse(generation, texts, identity, request.NumChoices, request.ReportsLogProbs),
                    OpenAiJson.Wire.CompletionResponse));
        }
    }
}
