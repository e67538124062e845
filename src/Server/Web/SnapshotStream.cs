using InferenceServer.Server.Endpoints;

namespace InferenceServer.Server.Web;

/// <summary><c>GET /snapshots</c>: about once a second what the machine does, as server-sent events, until the client leaves. Needs the key.</summary>
internal static class SnapshotStream
{
    /// <summary>The path.</summary>
    public const string Path = "/snapshots";

    /// <summary>Maps it.</summary>
    public static void MapSnapshots(this IEndpointRouteBuilder routes) =>
        routes.MapMethods(Path, [HttpMethods.Get], (Func<HttpContext, Task>)StreamAsync)
            .WithName("snapshots").WithTags("Service").WithSummary("What the machine does, about once a second, as events: what the live page shows.")
            .Produces<Snapshot>(StatusCodes.Status200OK, "text/event-stream")
            .WithErrors(401, 403);

    private static async Task StreamAsync(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";

        // A server that stops does not wait for those who only watch.
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await response.Body.FlushAsync(leaving.Token);
            await foreach (var snapshot in context.RequestServices.GetRequiredService<LiveFeed>().WatchAsync(leaving.Token))
            {
                await response.Body.WriteAsync("data: "u8.ToArray(), leaving.Token);
                await response.Body.WriteAsync(snapshot, leaving.Token);
                await response.Body.WriteAsync("\n\n"u8.ToArray(), leaving.Token);
                await response.Body.FlushAsync(leaving.Token);
            }
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            // The usual end.
        }
    }
}
