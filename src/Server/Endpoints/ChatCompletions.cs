using InferenceServer.Inference.Scheduling;
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

    private static async Task CompleteAsync(HttpContext context)
    {
        var services = context.RequestServices;
        var pipeline = services.GetRequiredService<ChatPipeline>();
        if (pipeline.WhyUnavailable() is { } unavailable)
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
        using (var permit = pipeline.TryEnter())
        {
            if (permit is null)
            {
                await context.WriteErrorAsync(RequestError.Busy());
                return;
            }

            var model = services.GetRequiredService<ServedModel>();
            if (!ChatRequestValidator.Validate(body.Root, model.Metadata.VocabularySize).TryGet(out var request, out error))
            {
                await context.WriteErrorAsync(error);
                return;
            }

            var started = await pipeline.StartAsync(request, permit, context.RequestAborted);
            if (!started.TryGet(out var generation, out error))
            {
                await context.WriteErrorAsync(error);
                return;
            }

            await AnswerAsync(context, request, generation, model, settings);
        }
    }

    private static async Task AnswerAsync(HttpContext context, ValidChatRequest request, Generation generation, ServedModel model, Settings settings)
    {
        var clock = context.RequestServices.GetRequiredService<TimeProvider>();
        var identity = new ChatIdentity(
            ChatIdentity.NewId(), clock.GetUtcNow().ToUnixTimeSeconds(), model.Id, model.Fingerprint, WireWords.Of(request.Class));
        try
        {
            // Wakes the readers, too: an aborted choice finishes.
            using var onClientGone = context.RequestAborted.UnsafeRegister(static state => ((Generation)state!).Abort(), generation);
            if (request.Stream)
            {
                SetStreamHeaders(context);
                var includeUsage = request.IncludeUsage || settings.Server.AlwaysIncludeUsage;
                var pingInterval = TimeSpan.FromMilliseconds(settings.Server.PingIntervalMs);
                using var stream = new ChatStream(generation, context.Response.BodyWriter, identity, includeUsage, pingInterval, clock);
                await stream.RunAsync();
            }
            else
            {
                await AnswerWholeAsync(context, generation, identity);
            }
        }
        finally
        {
            context.Features.Set(new ChatLogEntry(
                identity.Id, generation.NumPromptTokens, generation.Choices[0].NumCachedTokens, generation.NumOutputTokens, WordOf(generation.Choices[0].Reason)));

            // Nothing runs any more unless something above failed.
            generation.Abort();
        }
    }

    private static async Task AnswerWholeAsync(HttpContext context, Generation generation, ChatIdentity identity)
    {
        var texts = await ChatAggregator.ReadAsync(generation);
        if (context.RequestAborted.IsCancellationRequested)
        {
            // For the log; nobody is there to read it.
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return;
        }

        if (generation.Failure() is { } failure)
        {
            await context.WriteErrorAsync(failure);
            return;
        }

        await context.WriteJsonAsync(StatusCodes.Status200OK, ChatAggregator.ToResponse(generation, texts, identity), OpenAiJson.Wire.ChatCompletionResponse);
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

    private static void SetStreamHeaders(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        if (HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            response.Headers.Connection = "keep-alive";
        }
    }

    private static string WordOf(FinishReason? reason) => reason switch
    {
        null => "unfinished",
        FinishReason.Aborted => "aborted",
        FinishReason.Error => "error",
        { } whole => WireWords.Of(whole),
    };
}
