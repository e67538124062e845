using System.Text.Json;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary><c>POST /v1/chat/completions</c> and <c>POST /apply-template</c>.</summary>
internal static class ChatCompletions
{
    /// <summary>Maps both.</summary>
    public static void MapChatCompletions(this IEndpointRouteBuilder routes)
    {
        routes.MapV1("/chat/completions", HttpMethods.Post, CompleteAsync)
            .WithName("createChatCompletion").WithTags("Chat")
            .WithSummary("Answers a conversation, at once or as a stream of server-sent events.")
            .WithBody<ChatCompletionRequest>()
            .Produces<ChatCompletionResponse>()
            .WithEvents<ChatCompletionChunk>()
            .WithErrors(400, 401, 403, 404, 413, 415, 429, 500, 503);

        routes.MapAliased("/apply-template", "/v1/apply-template", HttpMethods.Post, ApplyTemplateAsync)
            .WithName("applyTemplate").WithTags("Chat")
            .WithSummary("Renders a conversation to the text that the model would be given.")
            .WithBody<ChatCompletionRequest>()
            .Produces<AppliedTemplate>()
            .WithErrors(400, 401, 403, 413, 415);
    }

    private static Task CompleteAsync(HttpContext context) =>
        JsonRequest.RunAsync(context, context.RequestServices.GetRequiredService<ChatPipeline>().TryEnter, (body, permit) => AnswerAsync(context, body, permit));

    private static async Task<RequestError?> AnswerAsync(HttpContext context, JsonElement body, AdmissionGate.Permit permit)
    {
        var model = context.RequestServices.GetRequiredService<ServedModel>();
        var pipeline = context.RequestServices.GetRequiredService<ChatPipeline>();
        if (!ChatRequestValidator.Validate(body, model.Metadata.VocabularySize).TryGet(out var request, out var error)
            || !(await pipeline.StartAsync(request, permit, context.RequestAborted)).TryGet(out var generation, out error))
        {
            return error;
        }

        var identity = context.NewIdentity("chatcmpl-", request);
        await context.WriteAnswerAsync(
            request,
            generation,
            identity,
            (output, includeUsage) => new ChatChunkWriter(output, identity, includeUsage, request.Tools),
            answers => context.WriteJsonAsync(
                StatusCodes.Status200OK,
                ChatAggregator.ToResponse(generation, answers, identity, request),
                OpenAiJson.Wire.ChatCompletionResponse));
        return null;
    }

    private static async Task ApplyTemplateAsync(HttpContext context)
    {
        var services = context.RequestServices;
        var settings = services.GetRequiredService<Settings>();
        var bound = await RequestBody.ReadAsync(context.Request, settings.Server.MaxRequestBodyBytes, context.RequestAborted);
        if (!bound.TryGet(out var body, out var error))
        {
            await context.WriteErrorAsync(error);
            return;
        }

        using (body)
        {
            var model = services.GetRequiredService<ServedModel>();
            if (!ChatRequestValidator.Validate(body.Root, model.Metadata.VocabularySize).TryGet(out var request, out error)
                || !services.GetRequiredService<ChatPipeline>().Render(request).TryGet(out var prompt, out error))
            {
                await context.WriteErrorAsync(error);
                return;
            }

            await context.WriteJsonAsync(StatusCodes.Status200OK, new AppliedTemplate(prompt.ToString()), OpenAiJson.Wire.AppliedTemplate);
        }
    }
}
