using System.Net;
using System.Net.Http.Json;

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
