using System.Text;
using System.Text.RegularExpressions;
using InferenceServer.Server.Access;
using InferenceServer.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace InferenceServer.Server.Tests;

/// <summary>
/// Sends each request under Golden/ and compares the whole answer with the file beside it. UPDATE_GOLDEN=1 writes the answers
/// instead. A request file is: lines of set-up ("# reply: a|b", "# cached: 3", "# template: Qwen3-Coder", "# Server:Alias: x"; "# twice: true"
/// sends it once before), method and path, headers, a blank line, the body.
/// </summary>
public sealed partial class GoldenTests
{
    private static readonly string Folder = Path.Combine(RepositoryFiles.Root, "tests", "Server.Tests", "Golden");

    private static readonly string[] HeadersLeftOut = ["Date", "Transfer-Encoding", "Connection"];

    public static TheoryData<string> Names() => new(Directory.GetFiles(Folder, "*.request").Select(Path.GetFileNameWithoutExtension).Order()!);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Request_OfGoldenFile_GetsGoldenAnswer(string name)
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(Folder, name + ".request"));
        var answer = await SendAsync(lines);
        var file = Path.Combine(Folder, name + ".response");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(file, answer);
        }

        Assert.Equal(await File.ReadAllTextAsync(file), answer);
    }

    private static async Task<string> SendAsync(string[] lines)
    {
        var engine = new FakeEngine();
        var settings = new List<(string, string?)>();
        var isFirstLost = false;
        var setUp = lines.TakeWhile(line => line.StartsWith('#')).ToArray();
        foreach (var line in setUp)
        {
            var (key, value) = Split(line[1..], ": ");
            switch (key)
            {
                case "reply":
                    engine.Reply = value.Replace("\\n", "\n", StringComparison.Ordinal).Split('|');
                    break;
                case "template":
                    settings.Add(("Inference:ChatTemplate", ReferenceTemplates.FileOf(value)));
                    break;
                case "cached":
                    engine.NumCachedTokens = int.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
                    break;
                case "capacity":
                    engine.Capacity = int.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
                    break;
                case "dimensions":
                    engine.EmbeddingLength = int.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
                    break;
                case "twice":
                    isFirstLost = true;
                    break;
                case "infill":
                    var first = int.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
                    engine.Infill = new Inference.Models.InfillTokens(first, first + 1, first + 2);
                    break;
                case "state":
                    engine.State = Enum.Parse<Inference.Engine.EngineState>(value);
                    break;
                default:
                    settings.Add((key, value));
                    break;
            }
        }

        await using var app = await TestApp.StartAsync(engine, [.. settings]);
        var (method, path) = Split(lines[setUp.Length], " ");
        if (isFirstLost)
        {
            using var first = await SendAsync(app, method, path, lines[(setUp.Length + 1)..]);
            var keys = app.Services.GetRequiredService<ApiKeys>();
            await Endpoints.ChatCompletionsTests.WaitUntilAsync(() => keys.Everybody.UsedToday > 0);
        }

        using var response = await SendAsync(app, method, path, lines[(setUp.Length + 1)..]);
        return Scrub(await DumpAsync(response));
    }

    private static Task<HttpResponseMessage> SendAsync(TestApp app, string method, string path, string[] lines)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), new Uri(app.Address + path));
        var headers = lines.TakeWhile(line => line.Length > 0).ToArray();
        foreach (var header in headers)
        {
            var (key, value) = Split(header, ": ");
            request.Headers.TryAddWithoutValidation(key, value);
        }

        var body = string.Join('\n', lines.Skip(1 + headers.Length));
        if (body.Length > 0)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        return app.Client.SendAsync(request);
    }

    private static async Task<string> DumpAsync(HttpResponseMessage response)
    {
        var text = new StringBuilder();
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{(int)response.StatusCode}\n");
        foreach (var header in response.Headers.Concat(response.Content.Headers).OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase))
        {
            if (!HeadersLeftOut.Contains(header.Key))
            {
                text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{header.Key}: {string.Join(", ", header.Value)}\n");
            }
        }

        return text.Append('\n').Append(await response.Content.ReadAsStringAsync()).Append('\n').ToString();
    }

    private static string Scrub(string answer) => Port().Replace(RequestId().Replace(CallId().Replace(AnswerId().Replace(answer, "$1ID"), "$1ID"), "req_ID"), "127.0.0.1:PORT");

    private static (string Key, string Value) Split(string line, string separator)
    {
        var at = line.IndexOf(separator, StringComparison.Ordinal);
        return (line[..at].Trim(), line[(at + separator.Length)..].Trim());
    }

    [GeneratedRegex("(chatcmpl-|cmpl-|\\b(?:msg|resp|rs|fc|ctc)_)[A-Za-z0-9]{24}")]
    private static partial Regex AnswerId();

    [GeneratedRegex("(call_|toolu_)[A-Za-z0-9]{24}")]
    private static partial Regex CallId();

    [GeneratedRegex("req_[0-9a-f]{32}")]
    private static partial Regex RequestId();

    [GeneratedRegex("127\\.0\\.0\\.1:[0-9]+")]
    private static partial Regex Port();
}
