using InferenceServer.Server.Endpoints;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Validation;
using InferenceServer.Server.Web;

namespace InferenceServer.Server.Access;

/// <summary>
/// Lets in whoever has a key, by <c>Authorization: Bearer</c> or <c>x-api-key</c>, and notes whose request it is (<see cref="ClientAccount"/>). Without configured keys
/// anything goes.
/// </summary>
internal sealed class KeyCheck(RequestDelegate next, ApiKeys keys, Settings settings)
{
    private const string Scheme = "Bearer ";

    /// <summary>Refuses, or runs the rest of the pipeline.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (keys.IsOpen)
        {
            context.Features.Set(keys.Everybody);
            return next(context);
        }

        if (Health.IsPublic(context.Request.Path) || WebPage.IsPublic(context.Request.Path) || Metrics.IsOpen(context, settings.Metrics))
        {
            return next(context);
        }

        var authorization = context.Request.Headers.Authorization.ToString();
        var bearer = authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[Scheme.Length..].Trim() : "";
        var key = context.Request.Headers["x-api-key"].ToString().Trim();
        if (bearer.Length == 0 && key.Length == 0)
        {
            return context.WriteErrorAsync(RequestError.Unauthorized(
                "You didn't provide an API key. Send it as 'Authorization: Bearer YOUR_KEY' or as 'x-api-key: YOUR_KEY'."));
        }

        // Some clients send both, and in one of them what they were given for another server.
        if ((Find(bearer) ?? Find(key)) is not { } account)
        {
            return context.WriteErrorAsync(RequestError.Unauthorized("Incorrect API key provided."));
        }

        context.Features.Set(account);
        return next(context);
    }

    private ClientAccount? Find(string key) => key.Length > 0 ? keys.Find(key) : null;
}
