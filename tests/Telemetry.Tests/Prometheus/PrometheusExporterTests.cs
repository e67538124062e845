using System.Diagnostics.Metrics;
using System.Text;
using InferenceServer.Telemetry.Metrics;
using InferenceServer.Telemetry.Prometheus;

namespace InferenceServer.Telemetry.Tests.Prometheus;

public sealed class PrometheusExporterTests : IDisposable
{
    private readonly TestMeters _meters = new();
    private readonly MetricsPipeline _pipeline;

    public PrometheusExporterTests() => _pipeline = new MetricsPipeline(new MetricsOptions(), _meters, "1.2.3");

    public void Dispose()
    {
        _pipeline.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public async Task Page_OfEveryKind_AsText()
    {
        RecordEveryKind();
        Assert.Equal(
            """
            # TYPE http_requests_total counter
            # HELP http_requests_total Requests, with \\ and\na new line and "quotes".
            http_requests_total{status="200"} 3
            # TYPE time_to_it_seconds histogram
            # HELP time_to_it_seconds Time.
            time_to_it_seconds_bucket{kind="a\\b\"c\nd",le="0.5"} 1
            time_to_it_seconds_bucket{kind="a\\b\"c\nd",le="1"} 2
            time_to_it_seconds_bucket{kind="a\\b\"c\nd",le="2500"} 2
            time_to_it_seconds_bucket{kind="a\\b\"c\nd",le="+Inf"} 3
            time_to_it_seconds_sum{kind="a\\b\"c\nd"} 10001.25
            time_to_it_seconds_count{kind="a\\b\"c\nd"} 3
            # TYPE jobs gauge
            jobs -2
            # TYPE level gauge
            level{side="right"} +Inf
            level{side="both"} 0.1
            # TYPE energy_joules_total counter
            energy_joules_total 1E-07
            # TYPE vllm:prompt_tokens_total counter
            vllm:prompt_tokens_total{engine="0",model_name="m"} 9007199254740993

            """.ReplaceLineEndings("\n"),
            await ScrapeAsync(PrometheusFormat.Text));
    }

    // "Not available" is no number: a channel that is lost has no series, and its family is gone with its last one.
    [Fact]
    public async Task Series_ThatEnded_IsLeftOut_AndComesBack()
    {
        var power = 61.5;
        KeyValuePair<string, object?>[] tags = [new("hw.id", "smc/system")];
        IEnumerable<Measurement<double>> Observe()
        {
            var series = new ObservedSeries();
            series.Tell(power, tags);
            return series.Measurements;
        }

        var meter = _meters.Create(MeterNames.Power);
        meter.CreateObservableGauge("hw.host.power", Observe, "W");
        meter.CreateObservableCounter("hw.host.energy", Observe, "J");
        Assert.Contains("hw_host_power_watts{hw_id=\"smc/system\"} 61.5\n", await ScrapeAsync(PrometheusFormat.Text), StringComparison.Ordinal);
        power = double.NaN;
        Assert.DoesNotContain("hw_host", await ScrapeAsync(PrometheusFormat.Text), StringComparison.Ordinal);
        power = 62;
        Assert.Contains("hw_host_energy_joules_total{hw_id=\"smc/system\"} 62\n", await ScrapeAsync(PrometheusFormat.Text), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_OfEveryKind_AsOpenMetrics()
    {
        RecordEveryKind();
        Assert.Equal(
            """
            # TYPE http_requests counter
            # HELP http_requests Requests, with \\ and\na new line and \"quotes\".
            http_requests_total{status="200"} 3
            # TYPE time_to_it_seconds histogram
            # UNIT time_to_it_seconds seconds
            # HELP time_to_it_seconds Time.
            time_to_it_seconds_bucket{kind="a\\b\"c\nd",le="0.5"} 1
            time_to_it_seconds_bucket{kind="a\\b\"c\nd",le="1.0"} 2
            time_to_it_seconds_bucket{kind="a\\b\"c\nd",le="2500.0"} 2
            time_to_it_seconds_bucket{kind="a\\b\"c\nd",le="+Inf"} 3
            time_to_it_seconds_sum{kind="a\\b\"c\nd"} 10001.25
            time_to_it_seconds_count{kind="a\\b\"c\nd"} 3
            # TYPE jobs gauge
            jobs -2
            # TYPE level gauge
            level{side="right"} +Inf
            level{side="both"} 0.1
            # TYPE energy_joules counter
            # UNIT energy_joules joules
            energy_joules_total 1E-07
            # TYPE vllm:prompt_tokens counter
            vllm:prompt_tokens_total{engine="0",model_name="m"} 9007199254740993
            # EOF

            """.ReplaceLineEndings("\n"),
            await ScrapeAsync(PrometheusFormat.OpenMetrics));
    }

    [Theory]
    [InlineData(PrometheusFormat.Text, "# TYPE target_info gauge\n# HELP target_info The program.\ntarget_info{service_name=\"inference-server\",service_version=\"1.2.3\",service_instance_id=\"")]
    [InlineData(PrometheusFormat.OpenMetrics, "# TYPE target info\n# HELP target The program.\ntarget_info{service_name=\"inference-server\",service_version=\"1.2.3\",service_instance_id=\"")]
    public async Task Page_Begins_WithTheTarget(PrometheusFormat format, string beginning) =>
        Assert.StartsWith(beginning, Encoding.UTF8.GetString((await _pipeline.ScrapeAsync(format)).Span), StringComparison.Ordinal);

    [Fact]
    public async Task Gauge_ThatHasNoValueAnyMore_HasNoSeries()
    {
        var isThere = true;
        _meters.Create(MeterNames.Server).CreateObservableGauge("level", () => isThere ? new[] { new Measurement<int>(7) } : []);
        Assert.Equal("# TYPE level gauge\nlevel 7\n", await ScrapeAsync(PrometheusFormat.Text));
        isThere = false;
        Assert.Equal("", await ScrapeAsync(PrometheusFormat.Text));
    }

    [Fact]
    public async Task Scrapes_AtTheSameTime_ShareOneCollection()
    {
        using var entered = new SemaphoreSlim(0);
        using var leave = new ManualResetEventSlim();
        var numCollections = 0;
        _meters.Create(MeterNames.Server).CreateObservableGauge("level", () =>
        {
            entered.Release();
            leave.Wait(TimeSpan.FromSeconds(10));
            return Interlocked.Increment(ref numCollections);
        });
        var first = _pipeline.ScrapeAsync(PrometheusFormat.Text);
        Assert.True(await entered.WaitAsync(TimeSpan.FromSeconds(10)));

        // These came when the first collection had begun, so that it may miss what they are to see: they share the next.
        var others = Enumerable.Range(0, 20).Select(_ => _pipeline.ScrapeAsync(PrometheusFormat.Text)).ToArray();
        leave.Set();
        await Task.WhenAll([first, .. others]);
        Assert.Equal(2, numCollections);
        Assert.All(others, other => Assert.Same(others[0], other));
    }

    [Fact]
    public async Task Instruments_OfOtherScopesAndMeters_AreNotCollected()
    {
        using var elsewhere = new TestMeters();
        elsewhere.Create(MeterNames.Server).CreateObservableGauge("theirs", () => 1);
        _meters.Create("Somebody.Else").CreateObservableGauge("unknown", () => 1);
        _meters.Create(MeterNames.Server).CreateObservableGauge("ours", () => 1);
        Assert.Equal("# TYPE ours gauge\nours 1\n", await ScrapeAsync(PrometheusFormat.Text));
    }

    [Fact]
    public async Task Callback_ThatThrows_CostsOnlyItsOwnSeries()
    {
        var meter = _meters.Create(MeterNames.Server);
        meter.CreateObservableGauge("broken", Fail);
        meter.CreateObservableGauge("whole", () => 1);
        Assert.Equal("# TYPE whole gauge\nwhole 1\n", await ScrapeAsync(PrometheusFormat.Text));

        static int Fail() => throw new InvalidOperationException("No value.");
    }

    private void RecordEveryKind()
    {
        var meter = _meters.Create(MeterNames.Server);
        meter.CreateCounter<long>("http.requests", "{request}", "Requests, with \\ and\na new line and \"quotes\".").Add(3, new KeyValuePair<string, object?>("status", "200"));
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1, 2500] };
        var histogram = meter.CreateHistogram("time.to.it", "s", "Time.", advice: advice);
        foreach (var value in new[] { 0.25, 1, 10_000 })
        {
            histogram.Record(value, new KeyValuePair<string, object?>("kind", "a\\b\"c\nd"));
        }

        meter.CreateUpDownCounter<int>("jobs", "{job}").Add(-2);
        var gauge = meter.CreateGauge<double>("level", "1");
        gauge.Record(double.PositiveInfinity, new KeyValuePair<string, object?>("side", "right"));
        gauge.Record(0.1, new KeyValuePair<string, object?>("side", "both"));
        meter.CreateCounter<double>("energy", "J").Add(1e-7);
        _meters.Create(MeterNames.Vllm).CreateCounter<long>("prompt_tokens").Add(9_007_199_254_740_993, new("model_name", "m"), new("engine", "0"));
    }

    // Without the target, which names the machine.
    private async Task<string> ScrapeAsync(PrometheusFormat format)
    {
        var page = Encoding.UTF8.GetString((await _pipeline.ScrapeAsync(format)).Span);
        return page[(page.IndexOf('\n', page.IndexOf("target_info{", StringComparison.Ordinal)) + 1)..];
    }
}
