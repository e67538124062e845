using System.Text.Json;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Ollama;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary><c>POST /api/chat</c> and <c>POST /api/generate</c>: Ollama's dialect.</summary>
internal static class OllamaText
{
    /// <summary>Maps both.</summary>
    public static void MapOllamaText(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/api/chat", [HttpMethods.Post], (Func<HttpContext, Task>)(context => RunAsync(context, ChatAsync)))
            .WithName("ollamaChat").WithTags("Ollama")
            .WithSummary("Answers a conversation in Ollama's dialect, line by line or in one piece.")
            .WithBody<OllamaChatRequest>()
            .Produces<OllamaChatResponse>()
            .WithEvents<OllamaChatResponse>("application/x-ndjson")
            .WithErrors<OllamaErrorBody>(400, 401, 403, 404, 413, 415, 429, 500, 503);
        routes.MapMethods("/api/generate", [HttpMethods.Post], (Func<HttpContext, Task>)(context => RunAsync(context, GenerateAsync)))
            .WithName("ollamaGenerate").WithTags("Ollama")
            .WithSummary("Answers a prompt in Ollama's dialect, or goes on with a text, line by line or in one piece.")
            .WithBody<OllamaGenerateRequest>()
            .Produces<OllamaGenerateResponse>()
            .WithEvents<OllamaGenerateResponse>("application/x-ndjson")
            .WithErrors<OllamaErrorBody>(400, 401, 403, 404, 413, 415, 429, 500, 503);
    }

    private static Task RunAsync(HttpContext context, Func<HttpContext, JsonElement, AdmissionGate.Permit, Task<RequestError?>> answer) =>
        JsonRequest.RunAsync(context, context.RequestServices.GetRequiredService<GenerationStarter>().TryEnter, (body, permit) => answer(context, body, permit));

    private static async Task<RequestError?> ChatAsync(HttpContext context, JsonElement body, AdmissionGate.Permit permit)
    {
        if (OllamaRequestReader.IsLoad(body, "messages"))
        {
            if (CheckLoad(context, body) is { } wrong)
            {
                return wrong;
            }

            var loaded = Loaded(context);
            var load = new OllamaChatResponse
            {
                Model = loaded.Model,
                CreatedAt = OllamaAnswers.TimeOf(loaded),
                Message = new OllamaAnswerMessage { Content = "" },
                Done = true,
                DoneReason = "load",
            };
            await context.WriteJsonAsync(StatusCodes.Status200OK, load, OllamaJson.Wire.OllamaChatResponse);
            return null;
        }

        var model = context.RequestServices.GetRequiredService<ServedModel>();
        var pipeline = context.RequestServices.GetRequiredService<ChatPipeline>();
        if (!OllamaRequestReader.ReadChat(body, model.Metadata.VocabularySize).TryGet(out var request, out var error)
            || !(await pipeline.StartAsync(request, permit, context.RequestAborted)).TryGet(out var generation, out error))
        {
            return error;
        }

        var identity = context.NewIdentity("ollama-", request);
        await context.WriteAnswerAsync(
            request,
            generation,
            identity,
            (output, _) => new OllamaLineWriter(output, identity, isChat: true),
            answers => context.WriteJsonAsync(
                StatusCodes.Status200OK, OllamaAnswers.ToChat(generation, answers[0], identity), OllamaJson.Wire.OllamaChatResponse));
        return null;
    }

    private static async Task<RequestError?> GenerateAsync(HttpContext context, JsonElement body, AdmissionGate.Permit permit)
    {
        if (OllamaRequestReader.IsLoad(body, "prompt") && OllamaRequestReader.IsLoad(body, "suffix"))
        {
            if (CheckLoad(context, body) is { } wrong)
            {
                return wrong;
            }

            var loaded = Loaded(context);
            var load = new OllamaGenerateResponse { Model = loaded.Model, CreatedAt = OllamaAnswers.TimeOf(loaded), Response = "", Done = true, DoneReason = "load" };
            await context.WriteJsonAsync(StatusCodes.Status200OK, load, OllamaJson.Wire.OllamaGenerateResponse);
            return null;
        }

        var model = context.RequestServices.GetRequiredService<ServedModel>();
        if (!OllamaRequestReader.ReadGenerate(body, model.Metadata.VocabularySize).TryGet(out var request, out var error)
            || !(await StartAsync(context, request, permit)).TryGet(out var generation, out error))
        {
            return error;
        }

        var identity = context.NewIdentity("ollama-", request);
        await context.WriteAnswerAsync(
            request,
            generation,
            identity,
            (output, _) => new OllamaLineWriter(output, identity, isChat: false),
            answers => context.WriteJsonAsync(
                StatusCodes.Status200OK, OllamaAnswers.ToGenerate(generation, answers[0], identity), OllamaJson.Wire.OllamaGenerateResponse));
        return null;
    }

    private static ValueTask<Checked<Generation>> StartAsync(HttpContext context, ValidRequest request, AdmissionGate.Permit permit) => request is ValidChatRequest chat
        ? context.RequestServices.GetRequiredService<ChatPipeline>().StartAsync(chat, permit, context.RequestAborted)
        : context.RequestServices.GetRequiredService<CompletionPipeline>().StartAsync((ValidCompletionRequest)request, permit, context.RequestAborted);

    private static RequestError? CheckLoad(HttpContext context, JsonElement body)
    {
        var model = context.RequestServices.GetRequiredService<ServedModel>();
        var errors = new RequestErrors();
        var name = OllamaRequestReader.NameOf(new JsonFields(body, "", errors).Text("model"));
        return !errors.IsEmpty ? errors.Merge()
            : model.IsStrict && name is not null && !model.IsNamed(name) ? RequestError.UnknownModel(name)
            : null;
    }

    // Nothing was asked: the model is there, which is all that the client wants to know.
    private static AnswerIdentity Loaded(HttpContext context) =>
        context.NewIdentity("ollama-", new ValidCompletionRequest { Prompts = [], Sampling = new RequestedSampling() });
}
