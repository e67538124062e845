using InferenceServer.Server.Endpoints;

namespace InferenceServer.Server.Hosting;

/// <summary>The port of the metrics serves nothing but them: whoever may reach it may not generate.</summary>
internal sealed class MetricsPort(RequestDelegate next, Settings settings)
{
    /// <summary>Refuses, or runs the rest of the pipeline.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (!Metrics.IsOnOwnPort(context, settings.Metrics) || context.Request.Path == Metrics.Path)
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
