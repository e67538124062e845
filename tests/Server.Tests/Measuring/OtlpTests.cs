using InferenceServer.Testing;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace InferenceServer.Server.Tests.Measuring;

public sealed class OtlpTests
{
    private static readonly string[] OfARequest = ["gen_ai.server.request.duration", "gen_ai.server.time_to_first_token", "vllm:e2e_request_latency", "inference.requests.finished"];

    [Theory]
    [InlineData(HttpProtocols.Http1, "http", "v1/metrics")]
    [InlineData(HttpProtocols.Http2, "grpc", "")]
    public async Task Metrics_WithAnEndpoint_AreTheSameAsOnThePage(HttpProtocols protocols, string protocol, string path)
    {
        await using var receiver = await OtlpReceiver.StartAsync(protocols);
        await using var app = await TestApp.StartAsync(
            ("Metrics:OtlpEndpoint", new Uri(receiver.Address, path).ToString()), ("Metrics:OtlpProtocol", protocol), ("Metrics:OtlpIntervalSeconds", "1"));
        (await app.ChatAsync("""{"messages":[{"role":"user","content":"Hi"}]}""")).Dispose();

        // Not all comes in one push: a request is measured bit by bit while it ends, and whatever began meanwhile is for the next.
        var deadline = DateTime.UtcNow + TestApp.Patience;
        while (Missing(MetricsPage.Parse(await app.Client.GetStringAsync("/metrics")), receiver) is { Count: > 0 } missing)
        {
            Assert.True(DateTime.UtcNow < deadline, $"These do not arrive: {string.Join(", ", missing)}");
            await Task.Delay(20);
        }

        Assert.Equal("s", receiver.Metrics["gen_ai.server.time_to_first_token"]);
        Assert.Equal("s", receiver.Metrics["vllm:e2e_request_latency"]);
        Assert.Equal("{request}", receiver.Metrics["inference.requests.finished"]);
        Assert.Equal("By", receiver.Metrics["process.resident_memory"]);
        Assert.Contains("service.name", receiver.ResourceKeys.Keys);
    }

    // Families of the page that did not come by this way, and what a request leaves behind, which may not be on the page yet.
    private static List<string> Missing(MetricsPage page, OtlpReceiver receiver)
    {
        var pushed = receiver.Metrics.Keys.Select(name => name.Replace('.', '_')).ToHashSet();
        return
        [
            .. page.Types.Keys.Where(family => family != "target_info" && !pushed.Any(name => family.StartsWith(name, StringComparison.Ordinal))),
            .. OfARequest.Where(name => !receiver.Metrics.ContainsKey(name)),
        ];
    }
}
