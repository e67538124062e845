using System.Text.Json;
using InferenceServer.Server.Anthropic;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary><c>POST /v1/messages</c>, <c>POST /v1/messages/count_tokens</c> and <c>GET /api/hello</c>: Anthropic's dialect.</summary>
internal static class Messages
{
    /// <summary>Maps them all.</summary>
    public static void MapMessages(this IEndpointRouteBuilder routes)
    {
        routes.MapV1("/messages", HttpMethods.Post, CreateAsync)
            .WithName("createMessage").WithTags("Anthropic")
            .WithSummary("Answers a conversation in Anthropic's dialect, at once or as a stream of named events.")
            .WithBody<MessagesRequest>()
            .Produces<MessagesResponse>()
            .WithEvents<MessageStreamEvent>()
            .WithErrors<MessagesErrorBody>(400, 401, 403, 404, 413, 415, 429, 500, 529);
        routes.MapV1("/messages/count_tokens", HttpMethods.Post, CountAsync)
            .WithName("countMessageTokens").WithTags("Anthropic")
            .WithSummary("Counts the tokens that a conversation's prompt has.")
            .WithBody<MessagesRequest>()
            .Produces<MessageTokenCount>()
            .WithErrors<MessagesErrorBody>(400, 401, 403, 404, 413, 415, 429, 500, 529);
        routes.MapMethods("/api/hello", [HttpMethods.Get], (Func<HttpContext, Task>)GreetAsync)
            .WithName("hello").WithTags("Anthropic").WithSummary("By which Anthropic's agents see whether anybody is there.")
            .Produces<MessagesGreeting>();
    }

    private static Task CreateAsync(HttpContext context) =>
        JsonRequest.RunAsync(context, context.RequestServices.GetRequiredService<ChatPipeline>().TryEnter, (body, permit) => AnswerAsync(context, body, permit));

    private static Task CountAsync(HttpContext context) =>
        JsonRequest.RunAsync(context, context.RequestServices.GetRequiredService<ChatPipeline>().TryEnter, (body, permit) => AnswerCountAsync(context, body, permit));

    private static Task GreetAsync(HttpContext context) =>
        context.WriteJsonAsync(StatusCodes.Status200OK, new MessagesGreeting("hello"), AnthropicJson.Wire.MessagesGreeting);

    private static async Task<RequestError?> AnswerAsync(HttpContext context, JsonElement body, AdmissionGate.Permit permit)
    {
        var pipeline = context.RequestServices.GetRequiredService<ChatPipeline>();
        if (!Read(context, body, isCount: false).TryGet(out var request, out var error)
            || !(await pipeline.StartAsync(request, permit, context.RequestAborted)).TryGet(out var generation, out error))
        {
            return error;
        }

        var identity = context.NewIdentity("msg_", request);
        await context.WriteAnswerAsync(
            request,
            generation,
            identity,
            (output, _) => new MessageEventWriter(output, identity, context.TraceIdentifier, request.MaxOutputTokens),
            answers => context.WriteJsonAsync(
                StatusCodes.Status200OK,
                MessageAggregator.ToResponse(generation, answers[0], identity, request.MaxOutputTokens),
                AnthropicJson.Wire.MessagesResponse));
        return null;
    }

    private static async Task<RequestError?> AnswerCountAsync(HttpContext context, JsonElement body, AdmissionGate.Permit permit)
    {
        var pipeline = context.RequestServices.GetRequiredService<ChatPipeline>();
        if (!Read(context, body, isCount: true).TryGet(out var request, out var error)
            || !(await pipeline.EncodeAsync(request, permit, context.RequestAborted)).TryGet(out var tokens, out error))
        {
            return error;
        }

        await context.WriteJsonAsync(StatusCodes.Status200OK, new MessageTokenCount(tokens.Length), AnthropicJson.Wire.MessageTokenCount);
        return null;
    }

    private static Checked<ValidChatRequest> Read(HttpContext context, JsonElement body, bool isCount)
    {
        if (!MessagesRequestReader.Read(body, isCount).TryGet(out var mapped, out var error))
        {
            return error;
        }

        if (!mapped.SkippedTools.IsEmpty)
        {
            context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Messages)).ToolsSkipped(string.Join(", ", mapped.SkippedTools), context.TraceIdentifier);
        }

        return mapped.Chat;
    }
}
