using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using InferenceServer.Integration.Tests.Clients;
using InferenceServer.Telemetry.Metrics;
using InferenceServer.Telemetry.Prometheus;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Metrics;

/// <summary>docs/metrics.md against a live server, in both directions.</summary>
[Collection(ClientCollection.Name)]
public sealed class DocumentedMetricsTests(ClientCollection.Fixture fixture)
{
    private readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task Page_OfALoadedServer_HasTheTypesUnitsAndLabelsOfTheDocumentedMetricsAndNoOther()
    {
        await MetricsLoad.RunAsync(_server);
        var page = MetricsPage.Parse(await _server.Client.GetStringAsync("/metrics"));
        var open = MetricsPage.Parse(await ReadOpenMetricsAsync());
        var documented = await DocumentedMetric.ReadAllAsync();
        Assert.Empty(page.Types.Keys.Except(documented.Keys));
        Assert.Empty(documented.Values.Where(metric => metric.IsEverywhere).Select(metric => metric.Name).Except(page.Types.Keys));
        var labels = page.Series.ToLookup(sample => page.FamilyOf(sample.Name), sample => sample.Labels.Keys);
        foreach (var (family, type) in page.Types)
        {
            var metric = documented[family];
            Assert.Equal((family, metric.Type), (family, type));
            Assert.Equal((family, metric.PrometheusUnit), (family, open.Units.GetValueOrDefault(metric.OpenFamily)));
            Assert.True(metric.PrometheusUnit is not { } unit || metric.OpenFamily.EndsWith('_' + unit, StringComparison.Ordinal), $"{family} does not end with its unit.");
            var found = labels[family].SelectMany(keys => keys).Where(key => key != "le").Distinct().Order();
            if (metric.IsEverywhere)
            {
                Assert.Equal($"{family} {string.Join(' ', metric.Labels.Order())}", $"{family} {string.Join(' ', found)}");
            }
            else
            {
                Assert.Empty(found.Except(metric.Labels).Select(label => $"{family}: {label}"));
            }
        }
    }

    // What only other machines tell has an instrument here, too, which tells nothing.
    [Fact]
    public async Task Instruments_OfAServer_AreTheDocumentedMetricsAndNoOther()
    {
        var instruments = new HashSet<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name.StartsWith("InferenceServer.", StringComparison.Ordinal) || instrument.Meter.Name == MeterNames.Vllm)
            {
                lock (instruments)
                {
                    instruments.Add(Describe(instrument));
                }
            }
        };
        listener.Start();
        var documented = (await DocumentedMetric.ReadAllAsync()).Values.Where(metric => metric.Name != "target_info").Select(metric => $"{metric.Name} {metric.Type} {metric.PrometheusUnit}").ToArray();
        lock (instruments)
        {
            Assert.Empty(instruments.Except(documented));
            Assert.Empty(documented.Except(instruments));
        }
    }

    [Fact]
    public async Task Fixture_OfAMac_HasOnlyDocumentedMetrics()
    {
        var documented = await DocumentedMetric.ReadAllAsync();
        var page = MetricsPage.Parse(await File.ReadAllTextAsync(PrometheusTests.Mac));
        Assert.All(page.Types, family => Assert.Equal(family.Value, documented[family.Key].Type));
        Assert.All(page.Series, sample => Assert.Empty(sample.Labels.Keys.Except(documented[sample.Name].Labels)));
    }

    private static string Describe(Instrument instrument)
    {
        var type = instrument.GetType().Name.Split('`')[0] switch
        {
            "Counter" or "ObservableCounter" => "counter",
            "Histogram" => "histogram",
            _ => "gauge",
        };
        var unit = PrometheusNames.ToUnit(instrument.Unit ?? "");
        var prefix = instrument.Meter.Name == MeterNames.Vllm ? $"{MeterNames.Vllm}:" : "";
        return $"{PrometheusNames.ToFamily(prefix + instrument.Name, unit, type == "counter")}{(type == "counter" ? "_total" : "")} {type} {unit}";
    }

    private async Task<string> ReadOpenMetricsAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/openmetrics-text"));
        using var response = await _server.Client.SendAsync(request);
        Assert.Equal("application/openmetrics-text", response.Content.Headers.ContentType?.MediaType);
        return await response.Content.ReadAsStringAsync();
    }
}
