using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using InferenceServer.Server.Access;
using InferenceServer.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace InferenceServer.Server.Tests;

/// <summary>
/// Sends each request under Golden/ and compares the whole answer with the file beside it. UPDATE_GOLDEN=1 writes the answers
/// instead.
/// </summary>
public sealed partial class GoldenTests
{
    private static readonly string Folder = Path.Combine(RepositoryFiles.Root, "tests", "Server.Tests", "Golden");

    private static readonly string[] HeadersLeftOut = ["Date", "Transfer-Encoding", "Connection"];

    // What they say is another thing every time, or a page of the web.
    private static readonly string[] OtherPages = ["/metrics", "/snapshots", "/"];

    // They take what a generation takes, and generate nothing.
    private static readonly string[] NeverStreamed = ["/apply-template", "/v1/messages/count_tokens", "/v1/responses/input_tokens"];

    // An answer as a whole, and as a stream.
    private static readonly Regex[] Forms = [new("^200\n[^{]*Content-Type: application/json"), new("^200\n[^{]*Content-Type: (text/event-stream|application/x-ndjson)")];

    public static TheoryData<string> Names() => new(Directory.GetFiles(Folder, "*.request").Select(Path.GetFileNameWithoutExtension).Order()!);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Request_OfGoldenFile_GetsGoldenAnswer(string name)
    {
        var file = RequestFile.Read(Path.Combine(Folder, name + ".request"));
        await using var app = await file.StartAsync();
        if (file.IsSentTwice)
        {
            using var first = await file.SendAsync(app, file.Body);
            var keys = app.Services.GetRequiredService<ApiKeys>();
            await TestApp.UntilAsync(() => keys.Everybody.UsedToday > 0);
        }

        using var response = await file.SendAsync(app, file.Body);
        var answer = Scrub(await DumpAsync(response));
        var golden = Path.Combine(Folder, name + ".response");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(golden, answer);
        }

        Assert.Equal(await File.ReadAllTextAsync(golden), answer);
    }

    [Fact]
    public async Task Endpoints_OfTheDescription_HaveGoldenFilesWholeAndAsAStream()
    {
        var files = Directory.GetFiles(Folder, "*.request").Select(path => (Request: RequestFile.Read(path), Answer: File.ReadAllText(Path.ChangeExtension(path, ".response")))).ToArray();
        await using var app = await TestApp.StartAsync();
        using var document = JsonDocument.Parse(await app.Client.GetStringAsync("/openapi/v1.json"));
        var missing = new List<string>();
        foreach (var route in document.RootElement.GetProperty("paths").EnumerateObject().Where(route => !OtherPages.Contains(route.Name)))
        {
            var path = new Regex($"^{Parameter().Replace(Regex.Escape(route.Name), "[^/]+")}(\\?|$)");
            foreach (var method in route.Value.EnumerateObject())
            {
                var own = files.Where(file => path.IsMatch(file.Request.Path) && file.Request.Method.Equals(method.Name, StringComparison.OrdinalIgnoreCase)).ToArray();
                if (own.Length == 0)
                {
                    missing.Add($"{method.Name} {route.Name}");
                }
                else if (!NeverStreamed.Contains(route.Name) && CanStream(document.RootElement, method.Value))
                {
                    missing.AddRange(Forms.Where(form => !own.Any(file => form.IsMatch(file.Answer))).Select(form => $"{method.Name} {route.Name} {form}"));
                }
            }
        }

        Assert.Empty(missing);
    }

    private static bool CanStream(JsonElement document, JsonElement operation)
    {
        if (!operation.TryGetProperty("requestBody", out var body))
        {
            return false;
        }

        var schema = body.GetProperty("content").GetProperty("application/json").GetProperty("schema");
        while (schema.TryGetProperty("$ref", out var reference))
        {
            schema = reference.GetString()!.Split('/').Skip(1).Aggregate(document, (node, name) => node.GetProperty(name));
        }

        return schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty("stream", out _);
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

    /// <summary>An answer without what is another one every time: ids and ports.</summary>
    internal static string Scrub(string answer) => Port().Replace(RequestId().Replace(CallId().Replace(AnswerId().Replace(answer, "$1ID"), "$1ID"), "req_ID"), "127.0.0.1:PORT");

    [GeneratedRegex("(chatcmpl-|cmpl-|\\b(?:msg|resp|rs|fc|ctc)_)[A-Za-z0-9]{24}")]
    private static partial Regex AnswerId();

    [GeneratedRegex("(call_|toolu_)[A-Za-z0-9]{24}")]
    private static partial Regex CallId();

    [GeneratedRegex("\\\\{[^/]+}")]
    private static partial Regex Parameter();

    [GeneratedRegex("req_[0-9a-f]{32}")]
    private static partial Regex RequestId();

    [GeneratedRegex("127\\.0\\.0\\.1:[0-9]+")]
    private static partial Regex Port();
}
