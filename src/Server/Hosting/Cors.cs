namespace InferenceServer.Server.Hosting;

/// <summary>
/// CORS: tells browsers which pages may read our answers, and answers every OPTIONS request, before any key is asked for,
/// since a preflight cannot carry one.
/// </summary>
internal sealed class Cors(RequestDelegate next, OriginPolicy origins)
{
    private const string Methods = "GET, HEAD, POST, DELETE, OPTIONS";

    // Long enough to spare a chat a preflight per message, short enough to take a changed list soon. Seconds.
    private const string MaxAge = "600";

    /// <summary>Sets headers, and answers or runs the rest of the pipeline.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var headers = context.Response.Headers;
        var origin = request.Headers.Origin.ToString();
        headers.Vary = "Origin";
        var isAllowed = origin.Length > 0 && origins.IsAllowed(origin);
        if (isAllowed)
        {
            headers.AccessControlAllowOrigin = origin;
            headers.AccessControlExposeHeaders = "x-request-id, openai-processing-ms, retry-after, "
                + "x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens";
        }

        if (!HttpMethods.IsOptions(request.Method))
        {
            return next(context);
        }

        headers.Allow = Methods;
        if (isAllowed)
        {
            headers.AccessControlAllowMethods = Methods;
            headers.AccessControlMaxAge = MaxAge;
            if (request.Headers.AccessControlRequestHeaders is { Count: > 0 } wanted)
            {
                // SDKs send a dozen headers of their own; a fixed list would always miss one.
                headers.AccessControlAllowHeaders = wanted;
            }

            if (request.Headers.ContainsKey("Access-Control-Request-Private-Network"))
            {
                headers["Access-Control-Allow-Private-Network"] = "true";
            }
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
