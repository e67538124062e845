using System.Text.Json;
using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Validation;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Server.Endpoints;

/// <summary>The stops before validation, the same for every request that costs work: the client's limits, Bind and Admit.</summary>
internal static class JsonRequest
{
    /// <summary>Reads the body and runs the rest of the request under a permit, or answers with the reason why not.</summary>
    /// <param name="context">The request.</param>
    /// <param name="tryEnter">Gives a permit, or null when the server is full.</param>
    /// <param name="answer">Is given the body, which dies with the call, and the permit; answers, or returns why it cannot.</param>
    public static async Task RunAsync(
        HttpContext context, Func<AdmissionGate.Permit?> tryEnter, Func<JsonElement, AdmissionGate.Permit, Task<RequestError?>> answer)
    {
        var error = context.RequestServices.GetRequiredService<ChatPipeline>().WhyUnavailable() ?? CountIn(context);
        if (error is null)
        {
            using var deadline = RequestDeadline.Begin(
                context, context.RequestServices.GetRequiredService<ApiKeys>().Limits.RequestTimeoutMs, context.RequestServices.GetRequiredService<TimeProvider>());
            try
            {
                error = await ReadAndAnswerAsync(context, tryEnter, answer);
            }
            catch (OperationCanceledException) when (deadline is { HasPassed: true } && !context.Response.HasStarted)
            {
                // A body may still be on its way, and nobody will read it.
                context.Response.Headers.Connection = "close";
                error = RequestDeadline.ToError();
            }
        }

        if (error is not null)
        {
            await context.WriteErrorAsync(error);
        }
    }

    private static RequestError? CountIn(HttpContext context)
    {
        var client = context.Features.GetRequiredFeature<ClientAccount>();
        var refused = client.TryAdmit();
        RateLimitHeaders.Write(context.Response.Headers, client);
        return refused;
    }

    private static async Task<RequestError?> ReadAndAnswerAsync(
        HttpContext context, Func<AdmissionGate.Permit?> tryEnter, Func<JsonElement, AdmissionGate.Permit, Task<RequestError?>> answer)
    {
        var drain = context.RequestServices.GetRequiredService<Drain>();
        var settings = context.RequestServices.GetRequiredService<Settings>();
        var client = context.Features.GetRequiredFeature<ClientAccount>();
        var bound = await RequestBody.ReadAsync(context.Request, settings.Server.MaxRequestBodyBytes, context.RequestAborted);
        if (!bound.TryGet(out var body, out var error))
        {
            return error;
        }

        using (body)
        {
            if (!drain.TryEnter())
            {
                return RequestError.Stopping();
            }

            try
            {
                using var permit = tryEnter();
                return permit is null ? RequestError.Busy()
                    : !permit.TryBelongTo(client) ? RequestError.TooManyAtOnce(client.Concurrency)
                    : await answer(body.Root, permit);
            }
            finally
            {
                drain.Leave();
            }
        }
    }
}
