using InferenceServer.Server.Endpoints;
using InferenceServer.Server.Validation;
using Microsoft.AspNetCore.Connections;

namespace InferenceServer.Server.Hosting;

/// <summary>No request ends without a body in the API's error shape: not a wrong route, not a broken request, not a bug.</summary>
internal sealed class ErrorMapping(RequestDelegate next, ILogger<ErrorMapping> logger)
{
    /// <summary>Runs the rest of the pipeline.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.Value ?? "");
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response is { StatusCode: >= 400, ContentLength: null, ContentType: null })
            {
                await context.WriteErrorAsync(ForStatus(context.Response.StatusCode, method, path));
            }
        }
        catch (Exception e) when (e is ConnectionResetException || context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be told. Of a connection that breaks within the body, whoever reads learns first. 499 is what proxies log for this.
            if (!context.Response.HasStarted)
            {
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            }

            if (e is ConnectionResetException)
            {
                // Nothing is left to be read: Kestrel would try, and log an error.
                context.Abort();
            }
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await context.WriteErrorAsync(e.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? RequestError.TooLarge(context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? 0)
                : RequestError.Http(e.StatusCode, e.Message));
        }
        catch (Exception e)
        {
            logger.RequestFailed(e, method, path);
            if (context.Response.HasStarted)
            {
                // A status can no longer tell; a broken connection can.
                context.Abort();
                return;
            }

            await context.WriteErrorAsync(RequestError.GenerationFailed());
        }
    }

    private static RequestError ForStatus(int status, string method, string path) => status switch
    {
        StatusCodes.Status404NotFound => RequestError.UnknownUrl(method, path),
        StatusCodes.Status405MethodNotAllowed => RequestError.WrongMethod(method, path),
        _ => RequestError.Http(status, Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status)),
    };
}
