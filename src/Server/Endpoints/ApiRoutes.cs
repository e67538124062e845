using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Endpoints;

/// <summary>How the API's routes are mapped and described.</summary>
internal static class ApiRoutes
{
    /// <summary>
    /// Maps a route of OpenAI's API, under <c>/v1</c> and without, since clients disagree on whose part the prefix is. Only the
    /// first is described.
    /// </summary>
    public static RouteHandlerBuilder MapV1(this IEndpointRouteBuilder routes, string path, string method, Func<HttpContext, Task> handler) =>
        routes.MapAliased("/v1" + path, path, method, handler);

    /// <summary>Maps a route and another path to it, which is not described.</summary>
    public static RouteHandlerBuilder MapAliased(
        this IEndpointRouteBuilder routes, string path, string alias, string method, Func<HttpContext, Task> handler)
    {
        routes.MapMethods(alias, [method], handler).ExcludeFromDescription();
        return routes.MapMethods(path, [method], handler);
    }

    /// <summary>Describes the errors that a route may answer with.</summary>
    public static RouteHandlerBuilder WithErrors(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ErrorBody), ["application/json"]));
        }

        return route;
    }
}
