using InferenceServer.Server.Access;
using InferenceServer.Server.Endpoints;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Validation;
using Microsoft.Net.Http.Headers;

namespace InferenceServer.Server.Web;

/// <summary>
/// <c>/</c>: the page to a browser, a few lines of JSON to anybody else; <c>/web/NAME</c>: the page's files. None needs a key, since none
/// tells anything: what the page shows it asks for by the API, with the key that its user gives it.
/// </summary>
internal static class WebPage
{
    // Nothing but our own files, no inline code or style, nothing sent elsewhere, no frame around it: whatever a model writes stays text.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Paths that answer without a key.</summary>
    public static bool IsPublic(PathString path) => path.Value == "/" || path.StartsWithSegments("/web");

    /// <summary>What makes the page's snapshots.</summary>
    public static void AddWebPage(this IServiceCollection services)
    {
        services.AddSingleton<GapWindow>();
        services.AddSingleton<MeterReader>();
        services.AddSingleton<SnapshotReader>();
        services.AddSingleton<LiveFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<LiveFeed>());
    }

    /// <summary>Maps the page and its files.</summary>
    public static void MapWebPage(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/", [HttpMethods.Get], (Func<HttpContext, Task>)IndexAsync)
            .WithName("index").WithTags("Service").WithSummary("The live page for browsers; for others, what this server is and where to go on.")
            .Produces<ServiceIndex>();
        routes.MapMethods("/web/{**name}", [HttpMethods.Get], (Func<HttpContext, Task>)AssetAsync).ExcludeFromDescription();
    }

    private static Task IndexAsync(HttpContext context)
    {
        context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        if (WantsPage(context.Request))
        {
            return WriteAsync(context, WebAssets.Find("index.html")!);
        }

        var model = context.RequestServices.GetRequiredService<ServedModel>();
        var index = new ServiceIndex(
            "InferenceServer",
            ServerVersion.Text,
            model.Id,
            !context.RequestServices.GetRequiredService<ApiKeys>().IsOpen,
            [
                "/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/completions", "/v1/embeddings", "/v1/rerank", "/v1/models", "/tokenize", "/detokenize", "/apply-template", "/health",
                "/api/chat", "/api/generate", "/completion", "/infill", "/metrics", SnapshotStream.Path, "/openapi/v1.json",
            ]);
        return context.WriteJsonAsync(StatusCodes.Status200OK, index, OpenAiJson.Wire.ServiceIndex);
    }

    // Only browsers that navigate name HTML; programs send */* or nothing.
    private static bool WantsPage(HttpRequest request) =>
        MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var types) && types.Any(type => type.MediaType == "text/html" && type.Quality is null or > 0);

    private static Task AssetAsync(HttpContext context) => WebAssets.Find(context.GetRouteValue("name") as string ?? "") is { } asset
        ? WriteAsync(context, asset)
        : context.WriteErrorAsync(RequestError.UnknownUrl(context.Request.Method, context.Request.Path));

    private static async Task WriteAsync(HttpContext context, WebAsset asset)
    {
        var response = context.Response;
        var headers = response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-cache"; // may be kept, must be asked for: a new version shows at once
        headers.ETag = asset.Tag;
        if (context.Request.Headers.IfNoneMatch == asset.Tag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = asset.Type;
        response.ContentLength = asset.Content.Length;
        await response.Body.WriteAsync(asset.Content, CancellationToken.None);
    }
}
