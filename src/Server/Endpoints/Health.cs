using InferenceServer.Inference.Engine;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary>
/// <c>/health</c>, <c>/v1/health</c>, <c>/readyz</c>: is the model there to be asked? <c>/livez</c>: is the process worth keeping? None
/// needs a key.
/// </summary>
internal static class Health
{
    /// <summary>Paths that answer without a key.</summary>
    public static bool IsPublic(PathString path) => path.Value is "/health" or "/v1/health" or "/livez" or "/readyz" or "/api/hello";

    /// <summary>Maps them all.</summary>
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapV1("/health", HttpMethods.Get, ReadyAsync)
            .WithName("health").WithTags("Service").WithSummary("200 when requests are answered, 503 while the model loads.")
            .Produces<HealthBody>().WithErrors(503);
        routes.MapMethods("/readyz", [HttpMethods.Get], (Func<HttpContext, Task>)ReadyAsync)
            .WithName("readyz").WithTags("Service").WithSummary("The same as /v1/health.")
            .Produces<HealthBody>().WithErrors(503);
        routes.MapMethods("/livez", [HttpMethods.Get], (Func<HttpContext, Task>)LiveAsync)
            .WithName("livez").WithTags("Service").WithSummary("200 unless the engine has failed for good.")
            .Produces<HealthBody>().WithErrors(503);
    }

    private static Task ReadyAsync(HttpContext context)
    {
        var pipeline = context.RequestServices.GetRequiredService<ChatPipeline>();
        return AnswerAsync(context, pipeline.WhyUnavailable());
    }

    private static Task LiveAsync(HttpContext context)
    {
        var engine = context.RequestServices.GetRequiredService<IInferenceEngine>();
        return AnswerAsync(context, engine.State == EngineState.Failed ? RequestError.EngineFailed() : null);
    }

    private static Task AnswerAsync(HttpContext context, RequestError? fault) => fault is null
        ? context.WriteJsonAsync(StatusCodes.Status200OK, new HealthBody("ok"), OpenAiJson.Wire.HealthBody)
        : context.WriteErrorAsync(fault);
}
