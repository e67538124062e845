using InferenceServer.Server.OpenAi;
using Microsoft.OpenApi;

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

    /// <summary>
    /// Describes the body. Only describes: the framework's own way would also refuse bodies that do not call themselves JSON,
    /// and clients often forget to.
    /// </summary>
    public static RouteHandlerBuilder WithBody<T>(this RouteHandlerBuilder route) => route.AddOpenApiOperationTransformer(async (operation, context, cancellationToken) =>
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = new() { Schema = await context.GetOrCreateSchemaAsync(typeof(T), null, cancellationToken) },
            },
        });

    /// <summary>Describes the events, or lines, that the route answers with when the client asks for a stream.</summary>
    public static RouteHandlerBuilder WithEvents<T>(this RouteHandlerBuilder route, string contentType = "text/event-stream") => route.AddOpenApiOperationTransformer(async (operation, context, cancellationToken) =>
    {
        var schema = await context.GetOrCreateSchemaAsync(typeof(T), null, cancellationToken);
        operation.Responses?["200"].Content?.Add(contentType, new OpenApiMediaType { Schema = schema });
    });

    /// <summary>Describes the errors that a route may answer with.</summary>
    public static RouteHandlerBuilder WithErrors(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses) => route.WithErrors<ErrorBody>(statuses);

    /// <summary>Describes the errors that a route of another dialect may answer with.</summary>
    public static RouteHandlerBuilder WithErrors<T>(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(T), ["application/json"]));
        }

        return route;
    }
}
