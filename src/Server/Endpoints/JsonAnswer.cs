using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Endpoints;

/// <summary>Writes a value as the whole answer.</summary>
internal static class JsonAnswer
{
    /// <summary>Writes status, headers and body. Nothing may have been sent yet.</summary>
    public static async Task WriteJsonAsync<T>(this HttpContext context, int status, T value, JsonTypeInfo<T> type)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;

        // Not cancelled when the client leaves: the web server drops the bytes by itself, and nothing has to be caught.
        var taken = context.Response.Body.WriteAsync(body, CancellationToken.None).AsTask();
        if (await context.RequestServices.GetRequiredService<Drain>().WaitForReaderAsync(taken))
        {
            await taken;
        }
    }
}
