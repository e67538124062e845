using InferenceServer.Server.Hosting;
using InferenceServer.Server.LlamaServer;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary><c>GET /props</c> and <c>GET /slots</c>, as llama.cpp's server has them: what is served, and what runs.</summary>
internal static class ServerStatus
{
    /// <summary>Maps both.</summary>
    public static void MapServerStatus(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/props", [HttpMethods.Get], (Func<HttpContext, Task>)PropertiesAsync)
            .WithName("props").WithTags("llama.cpp").WithSummary("What is served and what a request gets that says nothing.")
            .Produces<ServerProperties>().WithErrors(401, 403);
        routes.MapMethods("/slots", [HttpMethods.Get], (Func<HttpContext, Task>)SlotsAsync)
            .WithName("slots").WithTags("llama.cpp").WithSummary("The sequences that run now, without their texts. fail_on_no_slot=1: 503 if no place is free.")
            .Produces<IReadOnlyList<Slot>>().WithErrors(401, 403, 503);
    }

    private static Task PropertiesAsync(HttpContext context)
    {
        var model = context.RequestServices.GetRequiredService<ServedModel>();
        var settings = context.RequestServices.GetRequiredService<Settings>().Inference;
        var sampling = SamplingResolver.Resolve(new RequestedSampling(), settings.Sampling, model.Metadata.Sampling, seed: 0);
        var properties = new ServerProperties
        {
            DefaultGenerationSettings = new DefaultGenerationSettings
            {
                NCtx = model.ContextLength,
                Params = new DefaultSampling
                {
                    Temperature = sampling.Temperature,
                    TopP = sampling.TopP,
                    TopK = sampling.TopK,
                    MinP = sampling.MinP,
                    RepeatPenalty = sampling.RepeatPenalty,
                    RepeatLastN = sampling.RepeatLastN,
                    PresencePenalty = sampling.PresencePenalty,
                    FrequencyPenalty = sampling.FrequencyPenalty,
                },
            },
            TotalSlots = settings.Parallel,
            ModelAlias = model.Id,
            ModelPath = Path.GetFileName(model.Metadata.Path),
            ChatTemplate = model.Template.Source,
            BosToken = model.Metadata.BosToken ?? "",
            EosToken = model.Metadata.EosToken ?? "",
            BuildInfo = $"InferenceServer {ServerVersion.Text}",
        };
        return context.WriteJsonAsync(StatusCodes.Status200OK, properties, LlamaServerJson.Wire.ServerProperties);
    }

    private static Task SlotsAsync(HttpContext context)
    {
        var model = context.RequestServices.GetRequiredService<ServedModel>();
        var total = context.RequestServices.GetRequiredService<Settings>().Inference.Parallel;
        var running = context.RequestServices.GetRequiredService<RunningGenerations>().Snapshot()
            .SelectMany(generation => generation.Choices.Select(choice => (Generation: generation, Choice: choice)))
            .Where(pair => pair.Choice is { StartedAt: not 0, Reason: null })
            .ToList();
        if (running.Count >= total && context.Request.Query["fail_on_no_slot"].ToString() is not ("" or "0"))
        {
            return context.WriteErrorAsync(RequestError.Http(StatusCodes.Status503ServiceUnavailable, "no slot available"));
        }

        var slots = Enumerable.Range(0, Math.Max(total, running.Count)).Select(id => id < running.Count
            ? ToSlot(id, running[id].Generation, running[id].Choice, model.ContextLength)
            : new Slot { Id = id, IdTask = -1, NCtx = model.ContextLength, IsProcessing = false, NPromptTokens = 0, NPromptTokensCache = 0, NextToken = new SlotProgress(0) });
        return context.WriteJsonAsync(StatusCodes.Status200OK, [.. slots], LlamaServerJson.Wire.IReadOnlyListSlot);
    }

    private static Slot ToSlot(int id, Generation generation, Choice choice, int contextLength) => new()
    {
        Id = id,
        IdTask = choice.Stream.RequestId,
        NCtx = contextLength,
        IsProcessing = true,
        NPromptTokens = generation.NumPromptTokens,
        NPromptTokensCache = choice.NumCachedTokens,
        NextToken = new SlotProgress(choice.NumTokens),
    };
}
