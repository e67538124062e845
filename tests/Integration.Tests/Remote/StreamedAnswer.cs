using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using InferenceServer.Integration.Tests.Clients;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>A stream as a client reads it, line by line, with all that came of it.</summary>
internal sealed class StreamedAnswer
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _arguments = new();

    public string Text => _text.ToString();

    public string Arguments => _arguments.ToString();

    public int NumComments { get; private set; }

    public int NumDeltas { get; private set; }

    public string? FinishReason { get; private set; }

    public JsonElement? Usage { get; private set; }

    public JsonElement? Error { get; private set; }

    public int NumErrors { get; private set; }

    /// <summary>Reads to the end.</summary>
    /// <param name="server">Whom to ask.</param>
    /// <param name="body">What.</param>
    /// <param name="onDelta">Told after each piece of the answer how many there are.</param>
    /// <param name="path">Where.</param>
    public static Task<StreamedAnswer> ReadAsync(RunningServer server, Dictionary<string, object?> body, Action<int>? onDelta = null, string path = "/v1/chat/completions") =>
        ReadAsync(server.Client, body, onDelta, path);

    /// <summary>The same, of a server that is known by its address.</summary>
    public static async Task<StreamedAnswer> ReadAsync(HttpClient client, Dictionary<string, object?> body, Action<int>? onDelta, string path)
    {
        var answer = new StreamedAnswer();
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = JsonContent.Create(new Dictionary<string, object?>(body) { ["stream"] = true, ["stream_options"] = new { include_usage = true } }),
        };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.IsSuccessStatusCode, await (response.IsSuccessStatusCode ? Task.FromResult("") : response.Content.ReadAsStringAsync()));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await reader.ReadLineAsync() is { } line)
        {
            answer.Take(line, onDelta);
        }

        return answer;
    }

    private void Take(string line, Action<int>? onDelta)
    {
        if (line.StartsWith(':'))
        {
            NumComments++;
        }

        if (!line.StartsWith("data: {", StringComparison.Ordinal))
        {
            return;
        }

        var chunk = JsonElement.Parse(line["data: ".Length..]);
        if (chunk.TryGetProperty("error", out var error))
        {
            Error = error;
            NumErrors++;
            return;
        }

        if (chunk.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
        {
            Usage = usage;
        }

        foreach (var choice in chunk.GetProperty("choices").EnumerateArray())
        {
            // A completion's choice is its own delta.
            var delta = choice.TryGetProperty("delta", out var inside) ? inside : choice;
            if ((delta.TryGetProperty("content", out var content) || delta.TryGetProperty("text", out content)) && content.GetString() is { Length: > 0 } text)
            {
                _text.Append(text);
                onDelta?.Invoke(++NumDeltas);
            }

            if (delta.TryGetProperty("tool_calls", out var calls) && calls[0].GetProperty("function").TryGetProperty("arguments", out var arguments))
            {
                _arguments.Append(arguments.GetString());
                onDelta?.Invoke(++NumDeltas);
            }

            FinishReason ??= choice.TryGetProperty("finish_reason", out var reason) ? reason.GetString() : null;
        }
    }
}
