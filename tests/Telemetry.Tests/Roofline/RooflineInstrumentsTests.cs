using System.Globalization;
using System.Text;
using InferenceServer.Telemetry.Metrics;
using InferenceServer.Telemetry.Prometheus;
using InferenceServer.Telemetry.Roofline;

namespace InferenceServer.Telemetry.Tests.Roofline;

public sealed class RooflineInstrumentsTests : IDisposable
{
    private readonly TestMeters _meters = new();
    private readonly SecondsClock _clock = new();
    private readonly MetricsPipeline _pipeline;

    public RooflineInstrumentsTests() => _pipeline = new MetricsPipeline(new MetricsOptions(), _meters, "1");

    public void Dispose()
    {
        _pipeline.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public async Task Steps_OfOneLoad_GiveShareAndCeiling()
    {
        var roofline = Create(100e9, null);
        for (var i = 0; i < 30; i++)
        {
            // 4 sequences, 5 GB in 0.1 s: 50 GB/s of 100, 40 tokens a second where 80 would be the ceiling.
            roofline.Observe(5e9, 0.1, 4);
            _clock.Seconds += 0.1;
        }

        var page = await ScrapeAsync();
        Assert.Equal(0.5, page["inference_mbu"], 6);
        Assert.Equal(40, page["inference_decode_rate_per_second"], 6);
        Assert.Equal(80, page["inference_decode_rate_ceiling_per_second"], 6);
        Assert.Equal(100e9, page["inference_bandwidth_nominal_bytes_per_second"]);
        Assert.Equal(1, page["""inference_mbu_available{reason="table"}"""]);
        Assert.Equal(150e9, page["inference_decode_read_bytes_total"], 0);
        Assert.Equal(3, page["inference_decode_time_seconds_total"], 6);
        Assert.Equal(120, page["inference_decode_tokens_total"]);
    }

    [Fact]
    public async Task Gauges_AfterTheLoad_FollowTheNewOneAndThenHaveNoSeries()
    {
        var roofline = Create(100e9, null);
        roofline.Observe(5e9, 0.1, 4);
        _clock.Seconds += 5;
        roofline.Observe(1e9, 0.1, 1);
        Assert.Equal(0.3, (await ScrapeAsync())["inference_mbu"], 6);
        _clock.Seconds += 6; // the first is more than ten seconds old now
        Assert.Equal(0.1, (await ScrapeAsync())["inference_mbu"], 6);
        _clock.Seconds += 10;
        var page = await ScrapeAsync();
        Assert.DoesNotContain(page.Keys, name => name is "inference_mbu" || name.StartsWith("inference_decode_rate", StringComparison.Ordinal));
        Assert.Equal(6e9, page["inference_decode_read_bytes_total"], 0);
    }

    [Theory]
    [InlineData(null, null, "unknown_machine")]
    [InlineData(100e9, "unknown_model", "unknown_model")]
    public async Task Bandwidth_Unknown_HasNoSeriesButAReason(double? bandwidth, string? modelFault, string reason)
    {
        var roofline = Create(bandwidth, modelFault);
        roofline.Observe(5e9, 0.1, 4);
        var page = await ScrapeAsync();
        Assert.Equal(0, page[$$"""inference_mbu_available{reason="{{reason}}"}"""]);
        Assert.DoesNotContain(page.Keys, name => name is "inference_mbu" or "inference_decode_rate_ceiling_per_second");
        Assert.Equal(40, page["inference_decode_rate_per_second"], 6);
        Assert.Equal(modelFault is null, page.ContainsKey("inference_decode_read_bytes_total"));
    }

    private RooflineInstruments Create(double? bandwidth, string? modelFault) =>
        new(_meters, new NominalBandwidth(bandwidth, bandwidth is null ? "unknown_machine" : "table"), modelFault, _clock);

    private async Task<Dictionary<string, double>> ScrapeAsync()
    {
        var page = Encoding.UTF8.GetString((await _pipeline.ScrapeAsync(PrometheusFormat.Text)).Span);
        return page.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.StartsWith("inference_", StringComparison.Ordinal))
            .Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => double.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private sealed class SecondsClock : TimeProvider
    {
        public double Seconds { get; set; } = 1_000;

        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => (long)(Seconds * 1_000_000);
    }
}
