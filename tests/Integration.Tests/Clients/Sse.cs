using System.Text.Json;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>Raw streams, as they come over the wire.</summary>
internal static class Sse
{
    /// <summary>The chunks of a chat's stream, which has to be well-formed: only <c>data:</c> lines, and <c>[DONE]</c> at the end.</summary>
    public static async Task<JsonElement[]> ChatAsync(RunningServer server, Dictionary<string, object?> body)
    {
        using var response = await server.ChatAsync(new Dictionary<string, object?>(body) { ["stream"] = true });
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.EndsWith("\n\ndata: [DONE]\n\n", text, StringComparison.Ordinal);
        var lines = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.StartsWith("data: ", line, StringComparison.Ordinal));
        return [.. lines[..^1].Select(line => JsonElement.Parse(line["data: ".Length..]))];
    }

    /// <summary>The text of a choice, put together.</summary>
    public static string Text(IEnumerable<JsonElement> chunks, int choice = 0) => string.Concat(Deltas(chunks, choice)
        .Select(delta => delta.TryGetProperty("content", out var content) ? content.GetString() : null));

    /// <summary>The deltas of a choice.</summary>
    public static IEnumerable<JsonElement> Deltas(IEnumerable<JsonElement> chunks, int choice = 0) => chunks
        .SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray())
        .Where(item => item.GetProperty("index").GetInt32() == choice)
        .Select(item => item.GetProperty("delta"));
}
