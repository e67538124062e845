using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using InferenceServer.Server.Access;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>How a process with a model loaded ends, by real signals.</summary>
[Collection(ClientCollection.Name)]
public sealed class LifecycleTests
{
    [Fact]
    public async Task Terminate_WhileAStreamRuns_LetsItFinish()
    {
        await using var server = await ServerProcess.StartAsync();
        using var response = await StreamAsync(server, maxTokens: 100);
        server.Signal("TERM");
        await server.WaitUntilAsync(isReady: false);
        using (var refused = await ChatAsync(server, 1))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        var text = await response.Content.ReadAsStringAsync();
        Assert.EndsWith("data: [DONE]\n\n", text, StringComparison.Ordinal);
        var (code, output, errors) = await server.WaitAsync();
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("Stopping: 1 requests may finish", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3600000", true)]
    [InlineData("300", false)]
    public async Task Terminate_ASecondTimeOrPastTheLimit_EndsStreamsWithOneError(string limit, bool isRepeated)
    {
        await using var server = await ServerProcess.StartAsync(("Server:DrainTimeoutMs", limit));
        using var response = await StreamAsync(server, maxTokens: 8000);
        server.Signal("TERM");
        if (isRepeated)
        {
            await server.WaitUntilAsync(isReady: false);
            server.Signal("TERM");
        }

        var text = await response.Content.ReadAsStringAsync();
        Assert.Single(text.Split('\n'), line => line.Contains("\"error\"", StringComparison.Ordinal));
        Assert.Contains("The server is shutting down.", text, StringComparison.Ordinal);
        var (code, output, errors) = await server.WaitAsync();
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("1 requests are cut off", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terminate_WhileAClientDoesNotRead_EndsLongBeforeTheLimit()
    {
        await using var server = await ServerProcess.StartAsync(("Server:DrainTimeoutMs", "3600000"));
        using var socket = new TcpClient { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync("127.0.0.1", server.Client.BaseAddress!.Port);
        var body = $$"""{"content":"{{string.Concat(Enumerable.Repeat("no yes ", 200_000))}}","with_pieces":true}""";
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        Assert.Equal((byte)'H', socket.GetStream().ReadByte());
        server.Signal("TERM");
        var (code, output, errors) = await server.WaitAsync();
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("1 requests may finish", output, StringComparison.Ordinal);
        Assert.DoesNotContain("cut off", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithItsRehearsal_CountsNoRequestThatNobodyMade()
    {
        await using var server = await ServerProcess.StartAsync();
        await Task.Delay(1500);
        var page = await server.Client.GetStringAsync("/metrics");
        Assert.DoesNotContain(page.Split('\n'), line => line.StartsWith("gen_ai_server_request_duration_seconds_count", StringComparison.Ordinal));
        Assert.All(page.Split('\n').Where(line => line.StartsWith("inference_requests_finished_total", StringComparison.Ordinal) || line.StartsWith("inference_tokens_", StringComparison.Ordinal)), line => Assert.EndsWith(" 0", line, StringComparison.Ordinal));
        Assert.Contains("\ninference_steps_total", page, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Load_UnderSystemd_TellsItWhenTheModelIsReady()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "systemd is Linux's.");
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var path = Path.Combine(folder.FullName, "notify");
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
            socket.Bind(new UnixDomainSocketEndPoint(path));
            await using var server = await ServerProcess.StartAsync(("NOTIFY_SOCKET", path));
            Assert.Equal("READY=1", Receive(socket));
            server.Signal("TERM");
            Assert.Equal(0, (await server.WaitAsync()).Code);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public async Task Start_AsAServiceWithoutModelAndPort_WaitsForBothWithALineEach()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "What it waits for is told to systemd.");
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var (path, model) = (Path.Combine(folder.FullName, "notify"), Path.Combine(folder.FullName, "volume", "model.gguf"));
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
            socket.Bind(new UnixDomainSocketEndPoint(path));
            using var other = new TcpListener(IPAddress.Loopback, 0);
            other.Start();
            var port = ((IPEndPoint)other.LocalEndpoint).Port;
            var starting = ServerProcess.StartAsync(("Server:WaitAtStart", "true"), ("Server:Port", $"{port}"), ("Inference:ModelPath", model), ("NOTIFY_SOCKET", path));

            Assert.Equal($"STATUS=Waiting: {model} does not exist.", Receive(socket));
            Directory.CreateDirectory(Path.GetDirectoryName(model)!);
            File.CreateSymbolicLink(model, RepositoryFiles.ChatModel);
            Assert.Equal("STATUS=", Receive(socket));
            Assert.Equal($"STATUS=Waiting: port {port} of 127.0.0.1 is taken", Receive(socket));
            await Task.Delay(1500);
            other.Stop();
            await using var server = await starting;
            Assert.Equal(("STATUS=", "READY=1"), (Receive(socket), Receive(socket)));
            server.Signal("TERM");
            var (code, output, errors) = await server.WaitAsync();
            Assert.Equal((0, ""), (code, errors));
            Assert.Equal(2, output.Split('\n').Count(line => line.Contains("Waiting: ", StringComparison.Ordinal)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Hangup_WithOtherKeysAndLogLevel_TakesThemOverUnlessTheyAreWrong()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var (keys, settings) = (Path.Combine(folder.FullName, "keys"), Path.Combine(folder.FullName, "appsettings.json"));
            await File.WriteAllTextAsync(keys, LineOf("first"));
            await File.WriteAllTextAsync(settings, "{}");
            await using var server = await ServerProcess.StartInAsync(folder.FullName, ("Server:ApiKeyFile", keys));
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (await ModelsAsync(server, "first"), await ModelsAsync(server, "second")));

            await File.WriteAllTextAsync(keys, LineOf("second"));
            await File.WriteAllTextAsync(settings, """{"Log":{"Level":"Error"},"Limits":{"RequestsPerMinute":1}}""");
            server.Signal("HUP");
            var deadline = DateTime.UtcNow.AddSeconds(30);
            while (await ModelsAsync(server, "second") != HttpStatusCode.OK)
            {
                Assert.True(DateTime.UtcNow < deadline, "The new key is not taken over.");
                await Task.Delay(20);
            }

            Assert.Equal(HttpStatusCode.Unauthorized, await ModelsAsync(server, "first"));
            await ModelsAsync(server, "second", "quiet-request");
            Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.TooManyRequests), (await EmptyChatAsync(server), await EmptyChatAsync(server)));

            await File.WriteAllTextAsync(keys, "# none\n");
            server.Signal("HUP");
            await server.WaitForOutputAsync("nothing was taken over: Server:ApiKeyFile");
            Assert.Equal(HttpStatusCode.OK, await ModelsAsync(server, "second"));
            server.Signal("TERM");
            var (code, output, _) = await server.WaitAsync();
            Assert.Equal(0, code);
            Assert.Contains("loud-request", output, StringComparison.Ordinal);
            Assert.DoesNotContain("quiet-request", output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Receive(Socket socket)
    {
        var buffer = new byte[1024];
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
    }

    private static string LineOf(string key) => KeyFile.Format(new ApiKey("laptop", ApiKey.DigestOf(key))) + "\n";

    private static async Task<HttpStatusCode> EmptyChatAsync(ServerProcess server)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(new { }) };
        request.Headers.Add("x-api-key", "second");
        using var response = await server.Client.SendAsync(request);
        return response.StatusCode;
    }

    private static async Task<HttpStatusCode> ModelsAsync(ServerProcess server, string key, string requestId = "loud-request")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Add("x-api-key", key);
        request.Headers.Add("x-request-id", requestId);
        using var response = await server.Client.SendAsync(request);
        return response.StatusCode;
    }

    private static async Task<HttpResponseMessage> StreamAsync(ServerProcess server, int maxTokens)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(Body(maxTokens, stream: true)) };
        var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response;
    }

    private static Task<HttpResponseMessage> ChatAsync(ServerProcess server, int maxTokens) =>
        server.Client.PostAsJsonAsync("/v1/chat/completions", Body(maxTokens, stream: false));

    private static object Body(int maxTokens, bool stream) => new
    {
        messages = new[] { new { role = "user", content = "Tell a long story." } },
        max_tokens = maxTokens,
        ignore_eos = true,
        stream,
    };
}
