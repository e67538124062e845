using System.Text.Json;

namespace InferenceServer.Server.Tests.Responses;

/// <summary>Reads named events as the strictest client would: exact lines, the name the same as the type.</summary>
internal sealed class EventReader(HttpResponseMessage response) : IDisposable
{
    private StreamReader? _lines;

    public int NumPings { get; private set; }

    /// <summary>The next event; null at the end.</summary>
    public async Task<JsonElement?> NextAsync()
    {
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        _lines ??= new StreamReader(await response.Content.ReadAsStreamAsync());
        while (true)
        {
            var name = await LineAsync();
            if (name is null)
            {
                return null;
            }

            if (name.StartsWith(':'))
            {
                NumPings++;
                Assert.Equal("", await LineAsync());
                continue;
            }

            Assert.StartsWith("event: ", name, StringComparison.Ordinal);
            var data = await LineAsync();
            Assert.StartsWith("data: ", data, StringComparison.Ordinal);
            Assert.Equal("", await LineAsync());
            var item = JsonDocument.Parse(data!["data: ".Length..]).RootElement;
            Assert.Equal(name["event: ".Length..], item.GetProperty("type").GetString());
            return item;
        }
    }

    /// <summary>Everything to the end.</summary>
    public async Task<List<JsonElement>> RestAsync()
    {
        var events = new List<JsonElement>();
        while (await NextAsync() is { } item)
        {
            events.Add(item);
        }

        return events;
    }

    public void Dispose() => _lines?.Dispose();

    private Task<string?> LineAsync() => _lines!.ReadLineAsync().WaitAsync(TestApp.Patience);
}
