namespace InferenceServer.Server.Hosting;

/// <summary>
/// Clients glue base addresses and paths together in every way: <c>//v1/models</c>, <c>/v1/models/</c>, <c>/v1/v1/models</c> all
/// mean the same. Rewritten in place, since clients do not follow a redirect of a POST. HEAD becomes GET without a body.
/// </summary>
internal sealed class PathNormalizer(RequestDelegate next)
{
    /// <summary>Runs the rest of the pipeline on the normal form.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        request.Path = Normalize(request.Path.Value ?? "/");
        if (!HttpMethods.IsHead(request.Method))
        {
            await next(context);
            return;
        }

        request.Method = HttpMethods.Get;
        var body = context.Response.Body;
        context.Response.Body = Stream.Null;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = body;
            request.Method = HttpMethods.Head;
        }
    }

    /// <summary>One slash between parts, none at the end, <c>/v1</c> once.</summary>
    internal static string Normalize(string path)
    {
        while (path.Contains("//", StringComparison.Ordinal))
        {
            path = path.Replace("//", "/", StringComparison.Ordinal);
        }

        path = path.Length > 1 ? path.TrimEnd('/') : path;
        while (path.StartsWith("/v1/v1/", StringComparison.Ordinal))
        {
            path = path["/v1".Length..];
        }

        return path.Length == 0 ? "/" : path;
    }
}
