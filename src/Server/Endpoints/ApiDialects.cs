namespace InferenceServer.Server.Endpoints;

/// <summary>Tells the dialect of a request, also of one that got no further than the door.</summary>
internal static class ApiDialects
{
    /// <summary>By the path, in its normal form, or else by a header that only one kind of client sends.</summary>
    public static ApiDialect Of(HttpRequest request)
    {
        var path = request.Path;
        if (path.StartsWithSegments("/v1/messages") || path.StartsWithSegments("/messages") || request.Headers.ContainsKey("anthropic-version"))
        {
            return ApiDialect.Anthropic;
        }

        return path.StartsWithSegments("/api") ? ApiDialect.Ollama : ApiDialect.OpenAi;
    }
}
