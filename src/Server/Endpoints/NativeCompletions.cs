using System.Text.Json;
using InferenceServer.Inference.Engine;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.LlamaServer;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary><c>POST /completion</c> and <c>POST /infill</c>, as llama.cpp's server has them.</summary>
internal static class NativeCompletions
{
    /// <summary>Maps both.</summary>
    public static void MapNativeCompletions(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/completion", [HttpMethods.Post], (Func<HttpContext, Task>)(context => RunAsync(context, isInfill: false)))
            .WithName("nativeCompletion").WithTags("llama.cpp")
            .WithSummary("Goes on with a text, at once or as a stream of server-sent events.")
            .WithBody<NativeCompletionRequest>()
            .Produces<NativeCompletionResponse>()
            .WithEvents<NativeCompletionResponse>()
            .WithErrors(400, 401, 403, 404, 413, 415, 429, 500, 503);
        routes.MapMethods("/infill", [HttpMethods.Post], (Func<HttpContext, Task>)(context => RunAsync(context, isInfill: true)))
            .WithName("infill").WithTags("llama.cpp")
            .WithSummary("Fills the gap between two texts, for models that were trained to.")
            .WithBody<NativeInfillRequest>()
            .Produces<NativeCompletionResponse>()
            .WithEvents<NativeCompletionResponse>()
            .WithErrors(400, 401, 403, 404, 413, 415, 429, 500, 503);
    }

    private static Task RunAsync(HttpContext context, bool isInfill) => JsonRequest.RunAsync(
        context, context.RequestServices.GetRequiredService<GenerationStarter>().TryEnter, (body, permit) => AnswerAsync(context, body, permit, isInfill));

    private static async Task<RequestError?> AnswerAsync(HttpContext context, JsonElement body, AdmissionGate.Permit permit, bool isInfill)
    {
        var model = context.RequestServices.GetRequiredService<ServedModel>();
        if (isInfill && context.RequestServices.GetRequiredService<IInferenceEngine>().Infill is null)
        {
            return RequestError.UnsupportedValue("input_suffix", "Infill is not supported: this model was not trained to fill gaps.");
        }

        var read = isInfill
            ? NativeRequestReader.ReadInfill(body, model.Metadata.VocabularySize)
            : NativeRequestReader.ReadCompletion(body, model.Metadata.VocabularySize);
        if (!read.TryGet(out var request, out var error)
            || !(await context.RequestServices.GetRequiredService<CompletionPipeline>().StartAsync(request, permit, context.RequestAborted)).TryGet(out var generation, out error))
        {
            return error;
        }

        var identity = context.NewIdentity("cmpl-", request);
        var answers = new NativeAnswers(identity.Model, model.ContextLength, request.ReportsLogProbs);
        await context.WriteAnswerAsync(
            request,
            generation,
            identity,
            (output, _) => new NativeEventWriter(output, answers),
            texts =>
            {
                NativeCompletionResponse[] whole = [.. generation.Choices.Select(choice => answers.ToEnd(choice, generation, texts[choice.Index]))];
                return whole.Length == 1
                    ? context.WriteJsonAsync(StatusCodes.Status200OK, whole[0], LlamaServerJson.Wire.NativeCompletionResponse)
                    : context.WriteJsonAsync(StatusCodes.Status200OK, whole, LlamaServerJson.Wire.IReadOnlyListNativeCompletionResponse);
            });
        return null;
    }
}
