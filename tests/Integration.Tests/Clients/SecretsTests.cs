using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>Secrets go in and never come out again: not in logs of any level, not in errors, not in what the server tells of itself.</summary>
[Collection(ClientCollection.Name)]
public sealed class SecretsTests
{
    private const string Key = "SECRET-api-key";

    [Fact]
    public async Task Secrets_OfKeysHeadersAndEnvironment_AppearNowhere()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            await using var server = await ServerProcess.StartInAsync(
                folder.FullName,
                ("Server:ApiKey", Key),
                ("HF_TOKEN", "SECRET-hub-token"),
                ("Log:File", Path.Combine(folder.FullName, "server-.jsonl")),
                ("Log:Level", "Verbose"),
                ("Serilog:MinimumLevel:Override:Microsoft", "Verbose"));
            var told = new StringBuilder();
            foreach (var path in new[] { "/", "/props", "/slots", "/metrics", "/v1/models", "/openapi/v1.json", "/api/tags", "/api/show", "/nothing", "/v1/models/SECRET-in-path" })
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                request.Headers.Add("x-api-key", Key);
                told.Append((await TextAsync(server, request)).Replace("SECRET-in-path", "", StringComparison.Ordinal));
            }

            foreach (var (name, value) in new[] { ("Authorization", "Bearer SECRET-wrong"), ("x-api-key", "SECRET-wrong"), ("Authorization", "Basic SECRET-basic"), ("Cookie", "SECRET-cookie"), ("api-key", "SECRET-azure") })
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions?api-key=SECRET-query") { Content = JsonContent.Create(new { api_key = "SECRET-body" }) };
                Assert.True(request.Headers.TryAddWithoutValidation(name, value));
                told.Append(await TextAsync(server, request));
            }

            using (var chat = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions?key=SECRET-query"))
            {
                chat.Headers.Authorization = new("Bearer", Key);
                chat.Content = JsonContent.Create(new { messages = new[] { new { role = "user", content = "SECRET-prompt" } }, max_tokens = 1, api_key = "SECRET-body" });
                told.Append(await TextAsync(server, chat));
            }

            await BreakAsync(server, "GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization Bearer SECRET-broken-header\r\n\r\n");
            await BreakAsync(server, "GET / SECRET-broken-line\r\n\r\n");
            server.Signal("TERM");
            var (code, output, errors) = await server.WaitAsync();
            Assert.Equal(0, code);
            var lines = string.Concat(Directory.GetFiles(folder.FullName, "*.jsonl").Select(File.ReadAllText));
            Assert.Contains("/v1/chat/completions", output, StringComparison.Ordinal);
            Assert.Contains("/v1/chat/completions", lines, StringComparison.Ordinal);
            Assert.Contains("Microsoft.AspNetCore", lines, StringComparison.Ordinal); // the framework talks, too
            foreach (var text in new[] { told.ToString(), output.Replace("SECRET-in-path", "", StringComparison.Ordinal), errors, lines.Replace("SECRET-in-path", "", StringComparison.Ordinal) })
            {
                Assert.DoesNotContain("SECRET", text, StringComparison.Ordinal);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<string> TextAsync(ServerProcess server, HttpRequestMessage request)
    {
        using var response = await server.Client.SendAsync(request);
        return $"{response.StatusCode} {response.Headers} {await response.Content.ReadAsStringAsync()}\n";
    }

    private static async Task BreakAsync(ServerProcess server, string request)
    {
        using var socket = new TcpClient("127.0.0.1", server.Client.BaseAddress!.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(socket.GetStream());
        Assert.Contains("400", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }
}
