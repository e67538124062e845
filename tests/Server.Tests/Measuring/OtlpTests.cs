using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using InferenceServer.Telemetry.Metrics;
using InferenceServer.Testing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

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

    [Fact]
    public async Task Series_ThatEnded_IsPushedNoMore_AndComesBack()
    {
        await using var receiver = await OtlpReceiver.StartAsync(HttpProtocols.Http1);
        await using var app = await TestApp.StartAsync(
            ("Metrics:OtlpEndpoint", new Uri(receiver.Address, "v1/metrics").ToString()), ("Metrics:OtlpProtocol", "http"), ("Metrics:OtlpIntervalSeconds", "1"));
        var watts = new ConcurrentDictionary<string, double> { ["gpu"] = 50, ["cpu"] = 20 };
        IEnumerable<Measurement<double>> Observe() => watts.OrderBy(channel => channel.Key).Select(channel => new Measurement<double>(channel.Value, new KeyValuePair<string, object?>("hw.id", channel.Key)));
        var meter = app.Services.GetRequiredService<IMeterFactory>().Create(MeterNames.Power);
        meter.CreateObservableGauge("test.power", Observe, "W");
        meter.CreateObservableCounter("test.energy", Observe, "J");
        await WaitForAsync(50, 20);
        watts.Remove("cpu", out _);
        await WaitForAsync(50);
        watts.Clear();
        await WaitForAsync();
        watts["cpu"] = 21;
        await WaitForAsync(21);

        Task WaitForAsync(params double[] values) => TestApp.UntilAsync(() => receiver.LastValues is { Count: > 0 } last && new[] { "test.power", "test.energy" }.All(name =>
            last.GetValueOrDefault(name, []).ToHashSet().SetEquals(values)));
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
