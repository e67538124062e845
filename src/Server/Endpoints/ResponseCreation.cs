using System.Text.Json;
using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Responses;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary><c>POST /v1/responses</c> and <c>POST /v1/responses/input_tokens</c>.</summary>
internal static class ResponseCreation
{
    /// <summary>Maps both.</summary>
    public static void MapResponseCreation(this IEndpointRouteBuilder routes)
    {
        routes.MapV1("/responses", HttpMethods.Post, context => RunAsync(context, AnswerAsync))
            .WithName("createResponse").WithTags("Responses")
            .WithSummary("Answers a conversation, at once, as a stream of named events or in the background, and keeps it to go on from.")
            .WithBody<ResponseRequest>()
            .Produces<ResponseBody>()
            .WithEvents<ResponseEvent>()
            .WithErrors(400, 401, 403, 404, 413, 415, 429, 500, 503);
        routes.MapV1("/responses/input_tokens", HttpMethods.Post, context => RunAsync(context, CountAsync))
            .WithName("countResponseInputTokens").WithTags("Responses")
            .WithSummary("Counts the tokens that the prompt of a response would have.")
            .WithBody<ResponseRequest>()
            .Produces<InputTokenCount>()
            .WithErrors(400, 401, 403, 404, 413, 415, 429, 503);
    }

    private static Task RunAsync(HttpContext context, Func<HttpContext, JsonElement, AdmissionGate.Permit, Task<RequestError?>> answer) =>
        JsonRequest.RunAsync(context, context.RequestServices.GetRequiredService<ChatPipeline>().TryEnter, (body, permit) => answer(context, body, permit));

    private static async Task<RequestError?> AnswerAsync(HttpContext context, JsonElement body, AdmissionGate.Permit permit)
    {
        // What runs in the background outlives the body that it was read from.
        var isBackground = body.TryGetProperty("background"u8, out var flag) && flag.ValueKind == JsonValueKind.True;
        var services = context.RequestServices;
        var store = services.GetRequiredService<ResponseStore>();
        if (!Read(context, isBackground ? body.Clone() : body).TryGet(out var request, out var error)
            || !(await services.GetRequiredService<ResponseConversations>().ResolveAsync(request)).TryGet(out var resolved, out error))
        {
            return error;
        }

        if (request.Background && !store.IsEnabled)
        {
            return RequestError.BadValue("background", "Invalid 'background': a response that outlives its request must be stored, but this server keeps none.");
        }

        if (!(await services.GetRequiredService<ChatPipeline>().StartAsync(resolved.Chat, permit, context.RequestAborted)).TryGet(out var generation, out error))
        {
            return error;
        }

        var draft = CreateDraft(context, request, isStored: request.Store && store.IsEnabled);
        var items = new OutputItems(request.Tools, request.IncludesEncryptedReasoning);
        var input = draft.Store ? StoredItems.Write(resolved.Input) : [];
        if (request.Background)
        {
            return await RunInBackgroundAsync(context, request, draft, generation, items, input, permit);
        }

        await RespondAsync(context, resolved.Chat, draft, generation, items, input);
        return null;
    }

    private static async Task RespondAsync(HttpContext context, ValidChatRequest chat, ResponseBody draft, Generation generation, OutputItems items, byte[] input)
    {
        var store = context.RequestServices.GetRequiredService<ResponseStore>();
        var clock = context.RequestServices.GetRequiredService<TimeProvider>();
        var identity = new AnswerIdentity(draft.Id, draft.CreatedAt, draft.Model, "", draft.ServiceTier);
        await context.WriteAnswerAsync(
            chat,
            generation,
            identity,
            (output, _) => new ResponseEventWriter(output, draft, items, clock, Keep),
            answers =>
            {
                var whole = draft.End(generation, items.Of(answers[0], generation.Choices[0].IsCut()), clock);
                Keep(whole);
                return context.WriteJsonAsync(StatusCodes.Status200OK, whole, OpenAiJson.Wire.ResponseBody);
            });

        // Nobody waits for the disk: whoever asks for the response asks behind this write. That it failed is for the log.
        void Keep(ResponseBody whole)
        {
            if (draft.Store && !ResponseStatus.IsRunning(whole.Status))
            {
                _ = store.AddAsync(ResponseRecord.Of(whole, input));
            }
        }
    }

    private static async Task<RequestError?> RunInBackgroundAsync(
        HttpContext context, ValidResponseRequest request, ResponseBody draft, Generation generation, OutputItems items, byte[] input, AdmissionGate.Permit permit)
    {
        var measure = context.Measure(generation, request.Chat);
        context.Features.Get<RequestDeadline>()?.Lift();

        // Stored before anybody hears its id, so that it is never lost without a trace.
        var reply = await context.RequestServices.GetRequiredService<ResponseStore>().AddAsync(ResponseRecord.Of(draft, input));
        if (reply.Status != StoreStatus.Ok)
        {
            generation.Abort();
            measure.Finish(isStream: true);
            return RequestError.StoreUnavailable();
        }

        var running = context.RequestServices.GetRequiredService<BackgroundResponses>().Start(draft, generation, measure, items, permit.Detach());
        if (request.Chat.Stream)
        {
            await context.WriteEventsAsync(running.Log, first: 0);
        }
        else
        {
            await context.WriteJsonAsync(StatusCodes.Status200OK, draft, OpenAiJson.Wire.ResponseBody);
        }

        return null;
    }

    private static async Task<RequestError?> CountAsync(HttpContext context, JsonElement body, AdmissionGate.Permit permit)
    {
        var services = context.RequestServices;
        if (!Read(context, body).TryGet(out var request, out var error)
            || !(await services.GetRequiredService<ResponseConversations>().ResolveAsync(request)).TryGet(out var resolved, out error)
            || !(await services.GetRequiredService<ChatPipeline>().EncodeAsync(resolved.Chat, permit, context.RequestAborted)).TryGet(out var tokens, out error))
        {
            return error;
        }

        await context.WriteJsonAsync(StatusCodes.Status200OK, new InputTokenCount(tokens.Length), OpenAiJson.Wire.InputTokenCount);
        return null;
    }

    private static Checked<ValidResponseRequest> Read(HttpContext context, JsonElement body)
    {
        var model = context.RequestServices.GetRequiredService<ServedModel>();
        var read = ResponseRequestReader.Read(body, model.Metadata.VocabularySize);
        if (read.TryGet(out var request, out _) && !request.SkippedTools.IsEmpty)
        {
            context.RequestServices.GetRequiredService<ILogger<ResponseStore>>().HostedToolsSkipped(string.Join(", ", request.SkippedTools), context.TraceIdentifier);
        }

        return read;
    }

    private static ResponseBody CreateDraft(HttpContext context, ValidResponseRequest request, bool isStored)
    {
        var model = context.RequestServices.GetRequiredService<ServedModel>();
        var options = context.RequestServices.GetRequiredService<Settings>().Inference.Sampling;
        var sampling = SamplingResolver.Resolve(request.Chat.Sampling, options, model.Metadata.Sampling, seed: 0);
        return ResponseDraft.Create(request, context.NewIdentity("resp_", request.Chat), sampling, isStored);
    }
}
