using System.Text.Json;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Tests.Streaming;

/// <summary>Reads a stream as the strictest client would: exact lines, and no key that the contract does not have.</summary>
internal sealed class SseReader(HttpResponseMessage response) : IDisposable
{
    private static readonly OpenAiJson Strict = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    });

    private StreamReader? _lines;

    /// <summary>The next event's data, or the next comment with its colon; null at the end.</summary>
    public async Task<string?> NextAsync()
    {
        _lines ??= new StreamReader(await response.Content.ReadAsStreamAsync());
        var line = await _lines.ReadLineAsync().WaitAsync(TestApp.Patience);
        if (line is null)
        {
            return null;
        }

        Assert.Equal("", await _lines.ReadLineAsync().WaitAsync(TestApp.Patience));
        if (line.StartsWith(':'))
        {
            return line;
        }

        Assert.StartsWith("data: ", line, StringComparison.Ordinal);
        return line["data: ".Length..];
    }

    /// <summary>The next event as a chunk.</summary>
    public async Task<ChatCompletionChunk> ChunkAsync()
    {
        var data = await NextAsync();
        Assert.NotNull(data);
        return JsonSerializer.Deserialize(data, Strict.ChatCompletionChunk)!;
    }

    /// <summary>Everything to the end.</summary>
    public async Task<List<string>> RestAsync()
    {
        var events = new List<string>();
        while (await NextAsync() is { } data)
        {
            events.Add(data);
        }

        return events;
    }

    public void Dispose() => _lines?.Dispose();

    public static ChatCompletionChunk Parse(string data) => JsonSerializer.Deserialize(data, Strict.ChatCompletionChunk)!;
}
