using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using InferenceServer.Telemetry.Prometheus;

namespace InferenceServer.Server.Tests.Endpoints;

/// <summary>Who may read <c>/metrics</c>, and in which form.</summary>
public sealed class MetricsTests
{
    [Theory]
    [InlineData(null, PrometheusFormat.Text)]
    [InlineData("*/*", PrometheusFormat.Text)]
    [InlineData("text/plain", PrometheusFormat.Text)]
    [InlineData("application/openmetrics-text", PrometheusFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text; version=1.0.0; charset=utf-8", PrometheusFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", PrometheusFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.3", PrometheusFormat.Text)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0", PrometheusFormat.Text)]
    [InlineData("application/openmetrics-text;version=2.0.0,text/plain;q=0.1", PrometheusFormat.Text)]
    [InlineData("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", PrometheusFormat.OpenMetrics)]
    [InlineData("text/html,application/xhtml+xml,*/*;q=0.8", PrometheusFormat.Text)]
    [InlineData("not a type;;;", PrometheusFormat.Text)]
    public void Accept_OfAnyKind_NamesAForm(string? accept, PrometheusFormat format) =>
        Assert.Equal(format, Server.Endpoints.Metrics.Negotiate(accept));

    [Fact]
    public async Task Page_AsText_HasTargetAndProcess()
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.Client.GetAsync("/metrics");
        var page = await response.Content.ReadAsStringAsync();
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Contains("\n# TYPE process_cpu_seconds_total counter\n", page, StringComparison.Ordinal);
        Assert.Matches("(?m)^target_info\\{service_name=\"inference-server\",.*\\} 1$", page);
        Assert.Matches("(?m)^process_start_time_seconds 1[0-9.E+]+$", page);
        Assert.Matches("(?m)^process_resident_memory_bytes [0-9]+$", page);
        Assert.Matches("(?m)^process_open_fds [0-9]+$", page);
        Assert.DoesNotContain("# EOF", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_AsOpenMetrics_NamesFamiliesAndEnds()
    {
        await using var app = await TestApp.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse("application/openmetrics-text; version=1.0.0"));
        using var response = await app.Client.SendAsync(request);
        var page = await response.Content.ReadAsStringAsync();
        Assert.Equal("application/openmetrics-text; version=1.0.0; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Contains("# TYPE process_cpu_seconds counter\n# UNIT process_cpu_seconds seconds\n", page, StringComparison.Ordinal);
        Assert.Contains("\nprocess_cpu_seconds_total ", page, StringComparison.Ordinal);
        Assert.StartsWith("# TYPE target info\n", page, StringComparison.Ordinal);
        Assert.EndsWith("\n# EOF\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_OverLoopback_NeedsNoKey()
    {
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"));
        using var response = await app.Client.GetAsync("/metrics");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "203.0.113.9")]
    [InlineData("Forwarded", "for=203.0.113.9")]
    [InlineData("Via", "1.1 proxy")]
    public async Task Page_ByWayOfAProxy_NeedsTheKey(string header, string value)
    {
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.TryAddWithoutValidation(header, value);
        using var refused = await app.Client.SendAsync(request);
        await RequestBodyTests.AssertErrorAsync(refused, HttpStatusCode.Unauthorized, "invalid_api_key");

        using var withKey = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        withKey.Headers.TryAddWithoutValidation(header, value);
        withKey.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
        using var answered = await app.Client.SendAsync(withKey);
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
    }

    [Fact]
    public async Task Page_FromAnotherMachine_NeedsTheKey()
    {
        // Its own address of the network stands for another machine: the connection does not come from a loopback address.
        var own = Dns.GetHostAddresses(Dns.GetHostName()).FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));
        if (own is null)
        {
            return; // this machine has no network; the proxies' case above goes the same way
        }

        await using var app = await TestApp.StartAsync(("Server:Host", "0.0.0.0"), ("Server:ApiKey", "secret"));
        using var response = await app.Client.GetAsync(new Uri($"http://{own}:{app.Port}/metrics"));
        await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.Unauthorized, "invalid_api_key");
    }

    [Fact]
    public async Task OwnPort_Opened_ServesMetricsWithoutKeyAndNothingElse()
    {
        var port = FindFreePort();
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"), ("Metrics:Port", $"{port}"));
        using var page = await GetAsync("/metrics", ("X-Forwarded-For", "203.0.113.9"), ("Host", "metrics.example"));
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        foreach (var path in new[] { "/v1/models", "/", "/health", "/metrics/x" })
        {
            using var other = await GetAsync(path, ("Authorization", "Bearer secret"));
            await RequestBodyTests.AssertErrorAsync(other, HttpStatusCode.NotFound, "unknown_url");
        }

        async Task<HttpResponseMessage> GetAsync(string path, params (string Key, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{port}{path}"));
            foreach (var (key, value) in headers)
            {
                request.Headers.TryAddWithoutValidation(key, value);
            }

            return await app.Client.SendAsync(request);
        }
    }

    [Fact]
    public async Task Page_SwitchedOff_IsNotThere()
    {
        await using var app = await TestApp.StartAsync(("Metrics:Enabled", "false"));
        using var response = await app.Client.GetAsync("/metrics");
        await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.NotFound, "unknown_url");
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
