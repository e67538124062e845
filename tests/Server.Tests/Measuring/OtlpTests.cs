using InferenceServer.Testing;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace InferenceServer.Server.Tests.Measuring;

public sealed class OtlpTests
{
    [Theory]
    [InlineData(HttpProtocols.Http1, "http", "v1/metrics")]
    [InlineData(HttpProtocols.Http2, "grpc", "")]
    public async Task Metrics_WithAnEndpoint_AreTheSameAsOnThePage(HttpProtocols protocols, string protocol, string path)
    {
        await using var receiver = await OtlpReceiver.StartAsync(protocols);
        await using var app = await TestApp.StartAsync(
            ("Metrics:OtlpEndpoint", new Uri(receiver.Address, path).ToString()), ("Metrics:OtlpProtocol", protocol), ("Metrics:OtlpIntervalSeconds", "1"));
        (await app.ChatAsync("""{"messages":[{"role":"user","content":"Hi"}]}""")).Dispose();
        var deadline = DateTime.UtcNow + TestApp.Patience;
        while (!receiver.Metrics.ContainsKey("gen_ai.server.request.duration"))
        {
            Assert.True(DateTime.UtcNow < deadline, "Nothing arrives.");
            await Task.Delay(20);
        }

        Assert.Equal("s", receiver.Metrics["gen_ai.server.time_to_first_token"]);
        Assert.Equal("s", receiver.Metrics["vllm:e2e_request_latency"]);
        Assert.Equal("{request}", receiver.Metrics["inference.requests.finished"]);
        Assert.Equal("By", receiver.Metrics["process.resident_memory"]);
        Assert.Contains("service.name", receiver.ResourceKeys.Keys);

        // Every family of the page came by this way too.
        var page = MetricsPage.Parse(await app.Client.GetStringAsync("/metrics"));
        var pushed = receiver.Metrics.Keys.Select(name => name.Replace('.', '_')).ToHashSet();
        Assert.All(page.Types.Keys.Where(family => family != "target_info"), family => Assert.Contains(pushed, name => family.StartsWith(name, StringComparison.Ordinal)));
    }
}
