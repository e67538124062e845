using System.Globalization;
using InferenceServer.Server.Access;
using InferenceServer.Server.Endpoints;
using InferenceServer.Server.Measuring;
using InferenceServer.Server.Validation;
using InferenceServer.Server.Web;

namespace InferenceServer.Server.Hosting;

/// <summary>Outermost: names every request, times it, counts it, and writes one line about it.</summary>
internal sealed class RequestLog(RequestDelegate next, TimeProvider clock, ServerInstruments instruments, ILogger<RequestLog> logger)
{
    private const int MaxIdLength = 64;
    private const int MaxPathLength = 200;
    private const string Header = "x-request-id";

    /// <summary>Runs the rest of the pipeline.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var startedAt = clock.GetTimestamp();
        var method = context.Request.Method;
        var path = ToPrintable(context.Request.Path.Value ?? "");
        var id = ChooseId(context.Request.Headers[Header].ToString());
        context.TraceIdentifier = id;
        context.Features.Set(new RequestArrival(startedAt));
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers[Header] = id;
            if (ApiDialects.Of(context.Request) == ApiDialect.Anthropic)
            {
                headers["request-id"] = id;
            }

            headers["openai-version"] = "2020-10-01";
            headers["openai-processing-ms"] = ElapsedMs(startedAt).ToString(CultureInfo.InvariantCulture);
            return Task.CompletedTask;
        });

        // Every line that anybody writes about this request has its id.
        using (logger.BeginScope(new[] { KeyValuePair.Create<string, object>("RequestId", id) }))
        {
            await next(context);
        }

        var elapsed = ElapsedMs(startedAt);
        var status = context.Response.StatusCode;
        instruments.RecordHttp(status, context.Features.Get<RequestError>());
        using var whose = context.Features.Get<ClientAccount>() is { IsEverybody: false } client
            ? logger.BeginScope(new[] { KeyValuePair.Create<string, object>("Key", client.Name) })
            : null;
        if (context.Features.Get<ChatLogEntry>() is { } chat)
        {
            logger.ChatDone(
                method,
                path,
                status,
                elapsed,
                id,
                chat.Id,
                chat.NumPromptTokens,
                chat.NumCachedTokens,
                chat.NumOutputTokens,
                chat.FinishReason,
                chat.QueueMs,
                chat.FirstTokenMs,
                chat.TokensPerSecond);
        }
        else if (context.Features.Get<EmbeddingLogEntry>() is { } embedding)
        {
            logger.EmbeddingDone(method, path, status, elapsed, id, embedding.NumTokens);
        }
        else if (Health.IsPublic(path) || WebPage.IsPublic(path) || (path == Metrics.Path && status == StatusCodes.Status200OK))
        {
            logger.ProbeDone(method, path, status, elapsed);
        }
        else
        {
            logger.RequestDone(method, path, status, elapsed, id);
        }
    }

    // A client's own id is kept if it can do no harm in a header or a log.
    private static string ChooseId(string given) =>
        given.Length is > 0 and <= MaxIdLength && given.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') ? given : "req_" + Guid.NewGuid().ToString("N");

    // A path is decoded: an escaped line break would forge a line of the log.
    private static string ToPrintable(string path)
    {
        var end = path.Length > MaxPathLength ? path[..MaxPathLength] + "..." : path;
        return end.Any(char.IsControl) ? string.Concat(end.Select(c => char.IsControl(c) ? '?' : c)) : end;
    }

    private long ElapsedMs(long startedAt) => (long)clock.GetElapsedTime(startedAt).TotalMilliseconds;
}
