using System.Net;
using InferenceServer.Inference.Engine;
using InferenceServer.Telemetry.Metrics;
using InferenceServer.Telemetry.Prometheus;
using Microsoft.Net.Http.Headers;

namespace InferenceServer.Server.Endpoints;

/// <summary>
/// <c>GET /metrics</c>: open to this machine and on a port of its own (<see cref="MetricsOptions.Port"/>, which serves nothing else); anybody else needs
/// the key. Numbers only: no text of a request is ever part of a metric.
/// </summary>
internal static class Metrics
{
    /// <summary>The path.</summary>
    public const string Path = "/metrics";

    private const string TextType = "text/plain; version=0.0.4; charset=utf-8";
    private const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    // A proxy on this machine brings requests of others from a loopback address.
    private static readonly string[] SignsOfProxy = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"];

    /// <summary>Maps it.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder routes) =>
        routes.MapMethods(Path, [HttpMethods.Get], (Func<HttpContext, Task>)ScrapeAsync)
            .WithName("metrics").WithTags("Service").WithSummary("All metrics, for Prometheus: its text, or OpenMetrics if the Accept header asks for it.")
            .Produces<string>(StatusCodes.Status200OK, "text/plain")
            .WithErrors(401, 403);

    /// <summary>True if the request came in on the port that serves only metrics.</summary>
    public static bool IsOnOwnPort(HttpContext context, MetricsOptions options) => options.Port is { } port && context.Connection.LocalPort == port;

    /// <summary>True if the request may read metrics without a key.</summary>
    public static bool IsOpen(HttpContext context, MetricsOptions options) =>
        context.Request.Path == Path && (IsOnOwnPort(context, options) || IsFromThisMachine(context));

    /// <summary>What an Accept header asks for.</summary>
    internal static PrometheusFormat Negotiate(string? accept)
    {
        if (string.IsNullOrEmpty(accept) || !MediaTypeHeaderValue.TryParseList([accept], out var types))
        {
            return PrometheusFormat.Text;
        }

        double? open = null;
        double? text = null;
        foreach (var type in types)
        {
            var quality = type.Quality ?? 1;
            if (type.MediaType == "application/openmetrics-text" && VersionOf(type) is null or "1.0.0" or "0.0.1")
            {
                open = Math.Max(open ?? 0, quality);
            }
            else if (type.MediaType == "text/plain" || type.MatchesAllTypes || (type.Type == "text" && type.MatchesAllSubTypes))
            {
                text = Math.Max(text ?? 0, quality);
            }
        }

        return open > 0 && open >= (text ?? 0) ? PrometheusFormat.OpenMetrics : PrometheusFormat.Text;
    }

    private static string? VersionOf(MediaTypeHeaderValue type) =>
        type.Parameters.FirstOrDefault(parameter => parameter.Name.Equals("version", StringComparison.OrdinalIgnoreCase))?.Value.Value?.Trim('"');

    private static bool IsFromThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address
        && IPAddress.IsLoopback(address)
        && !SignsOfProxy.Any(context.Request.Headers.ContainsKey);

    private static async Task ScrapeAsync(HttpContext context)
    {
        if (context.RequestServices.GetService<MetricsPipeline>() is not { } pipeline)
        {
            // Switched off: as if the route were not there.
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.RequestServices.GetRequiredService<StepReader>().Read();
        var format = Negotiate(context.Request.Headers.Accept);
        var page = await pipeline.ScrapeAsync(format);
        context.Response.ContentType = format == PrometheusFormat.OpenMetrics ? OpenMetricsType : TextType;
        context.Response.ContentLength = page.Length;
        await context.Response.Body.WriteAsync(page, context.RequestAborted);
    }
}
