using System.Globalization;
using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests;

/// <summary>
/// A request in a file: lines of set-up ("# reply: a|b", "# cached: 3", "# template: Qwen3-Coder", "# Server:Alias: x"; "# twice: true"
/// sends it once before; "# before: response" sends another file beside it before, whose answer's id stands for "{id}" in the path;
/// "# body: chat" takes the body of another file beside it), method and path, headers, a blank line, the body.
/// </summary>
internal sealed class RequestFile
{
    private readonly FakeEngine _engine = new();
    private readonly List<(string Key, string? Value)> _settings = [];
    private readonly (string Key, string Value)[] _headers;
    private readonly string _folder;
    private RequestFile? _before;

    private RequestFile(string path)
    {
        _folder = System.IO.Path.GetDirectoryName(path)!;
        var lines = File.ReadAllLines(path);
        var setUp = lines.TakeWhile(line => line.StartsWith('#')).ToArray();
        foreach (var line in setUp)
        {
            SetUp(Split(line[1..], ": "));
        }

        (Method, Path) = Split(lines[setUp.Length], " ");
        _headers = [.. lines.Skip(setUp.Length + 1).TakeWhile(line => line.Length > 0).Select(line => Split(line, ": "))];
        Body ??= string.Join('\n', lines.Skip(setUp.Length + 2 + _headers.Length));
    }

    public string Method { get; }

    public string Path { get; private set; }

    public string Body { get; private set; }

    /// <summary>True: an answer to the same request comes first, and does not count.</summary>
    public bool IsSentTwice { get; private set; }

    public static RequestFile Read(string path) => new(path);

    /// <summary>A server as the request wants it, which has answered what comes before. Once.</summary>
    public async Task<TestApp> StartAsync()
    {
        var app = await TestApp.StartAsync(_engine, [.. _settings]);
        if (_before is not null)
        {
            using var response = await _before.SendAsync(app, _before.Body);
            var answer = JsonElement.Parse(await response.Content.ReadAsStringAsync());
            Path = Path.Replace("{id}", answer.GetProperty("id").GetString(), StringComparison.Ordinal);
        }

        return app;
    }

    /// <summary>Sends the request, or the same with another body.</summary>
    public async Task<HttpResponseMessage> SendAsync(TestApp app, string body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(Method), new Uri(app.Address + Path));
        foreach (var (key, value) in _headers)
        {
            request.Headers.TryAddWithoutValidation(key, value);
        }

        if (body.Length > 0)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        return await app.Client.SendAsync(request);
    }

    private void SetUp((string Key, string Value) line)
    {
        switch (line.Key)
        {
            case "reply":
                _engine.Reply = line.Value.Replace("\\n", "\n", StringComparison.Ordinal).Split('|');
                break;
            case "body":
                Body = Read(System.IO.Path.Combine(_folder, line.Value + ".request")).Body;
                break;
            case "before":
                _before = Read(System.IO.Path.Combine(_folder, line.Value + ".request"));
                break;
            case "template":
                _settings.Add(("Inference:ChatTemplate", ReferenceTemplates.FileOf(line.Value)));
                break;
            case "cached":
                _engine.NumCachedTokens = ToNumber(line.Value);
                break;
            case "capacity":
                _engine.Capacity = ToNumber(line.Value);
                break;
            case "dimensions":
                _engine.EmbeddingLength = ToNumber(line.Value);
                break;
            case "twice":
                IsSentTwice = true;
                break;
            case "infill":
                var first = ToNumber(line.Value);
                _engine.Infill = new InfillTokens(first, first + 1, first + 2);
                break;
            case "state":
                _engine.State = Enum.Parse<EngineState>(line.Value);
                break;
            default:
                _settings.Add(line);
                break;
        }
    }

    private static int ToNumber(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static (string Key, string Value) Split(string line, string separator)
    {
        var at = line.IndexOf(separator, StringComparison.Ordinal);
        return (line[..at].Trim(), line[(at + separator.Length)..].Trim());
    }
}
