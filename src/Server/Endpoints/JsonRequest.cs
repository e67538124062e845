using System.Text.Json;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary>The stops before validation, the same for every request that costs work: Bind and Admit.</summary>
internal static class JsonRequest
{
    /// <summary>Reads the body and runs the rest of the request under a permit, or answers with the reason why not.</summary>
    /// <param name="context">The request.</param>
    /// <param name="tryEnter">Gives a permit, or null when the server is full.</param>
    /// <param name="answer">Is given the body, which dies with the call, and the permit; answers, or returns why it cannot.</param>
    public static async Task RunAsync(
        HttpContext context, Func<AdmissionGate.Permit?> tryEnter, Func<JsonElement, AdmissionGate.Permit, Task<RequestError?>> answer)
    {
        var drain = context.RequestServices.GetRequiredService<Drain>();
        var settings = context.RequestServices.GetRequiredService<Settings>();
        var unavailable = context.RequestServices.GetRequiredService<ChatPipeline>().WhyUnavailable();
        if (unavailable is not null)
        {
            await context.WriteErrorAsync(unavailable);
            return;
        }

        var bound = await RequestBody.ReadAsync(context.Request, settings.Server.MaxRequestBodyBytes, context.RequestAborted);
        if (!bound.TryGet(out var body, out var error))
        {
            await context.WriteErrorAsync(error);
            return;
        }

        using (body)
        {
            if (!drain.TryEnter())
            {
                await context.WriteErrorAsync(RequestError.Stopping());
                return;
            }

            try
            {
                using var permit = tryEnter();
                error = permit is null ? RequestError.Busy() : await answer(body.Root, permit);
            }
            finally
            {
                drain.Leave();
            }
        }

        if (error is not null)
        {
            await context.WriteErrorAsync(error);
        }
    }
}
