using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using InferenceServer.Integration.Tests.Clients;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Metrics;

/// <summary>The metrics of a real engine, judged by Prometheus' own programs.</summary>
[Collection(ClientCollection.Name)]
public sealed partial class PrometheusTests(ClientCollection.Fixture fixture)
{
    /// <summary>A page that only a Mac has.</summary>
    internal static readonly string Mac = Path.Combine(RepositoryFiles.Root, "tests", "Integration.Tests", "Metrics", "mac.prom");

    private readonly RunningServer _server = fixture.Server;

    [SkippableFact]
    public async Task Pages_OfALoadedServer_PassPromtool()
    {
        SkipWithout("promtool");
        await MetricsLoad.RunAsync(_server);
        var page = await _server.Client.GetStringAsync("/metrics");
        var (code, output) = Run("promtool", page, "check", "metrics");

        // vLLM's names have a colon, which promtool wants kept for recording rules: the only fault, and only there.
        var faults = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(faults, fault => Assert.Matches("^vllm:[a-z0-9_]+ metric names should not contain ':'$", fault));
        Assert.Equal(faults.Length == 0 ? 0 : 3, code);
    }

    [SkippableFact]
    public void Configuration_AsDelivered_PassesPromtool()
    {
        SkipWithout("promtool");
        foreach (var check in new[] { "check config prometheus.yml", "check rules recording.yml alerts.yml", "test rules alerts.test.yml" })
        {
            var (code, output) = Run("promtool", null, check.Split(' '));
            Assert.True(code == 0, $"promtool {check}: {output}");
        }
    }

    [SkippableFact]
    public async Task Expressions_OfDashboardAndRules_FindTheirSeries()
    {
        SkipWithout("prometheus");
        Skip.IfNot(fixture.Machine.WhyNoGpu is null, fixture.Machine.WhyNoGpu);
        await using var mac = await StaticPage.StartAsync(Mac);
        await using var prometheus = await PrometheusServer.StartAsync(_server.Address.Authority, mac.Address);
        await prometheus.WaitForAsync("sum(up) == 2");
        await MetricsLoad.RunAsync(_server);
        await prometheus.WaitForAsync("sum(inference_requests_finished_total) > 0");
        await MetricsLoad.RunAsync(_server);

        // Rates and recorded rules need a few scrapes: each expression may take its time, and the windows of rates stay filled meanwhile.
        using var loaded = new CancellationTokenSource();
        var load = KeepLoadedAsync(loaded.Token);
        var empty = new List<string>();
        foreach (var expression in DashboardExpressions())
        {
            if (!await prometheus.ComesToBeAsync(expression, double.IsFinite))
            {
                empty.Add(expression);
            }
        }

        // A difference has a value where a comparison would hold back all that is well: it tells that both sides of an alert find their series, and each other.
        var rules = await prometheus.ReadRulesAsync();
        Assert.True(rules.Length > 15, "There are more rules than were found.");
        foreach (var rule in rules)
        {
            if (!await prometheus.ComesToBeAsync(rule.IsAlert ? Comparison().Replace(rule.Query, " - ") : rule.Name, double.IsFinite))
            {
                empty.Add($"{rule.Name}: {rule.Query}");
            }
        }

        await loaded.CancelAsync();
        await load;
        Assert.Empty(empty);
        Assert.All(await prometheus.ReadRulesAsync(), rule => Assert.Equal((rule.Name, "ok"), (rule.Name, rule.Health)));

        // Nothing is wrong with a server under a little load: every rule evaluates, and none fires.
        Assert.Empty(await prometheus.QueryAsync("ALERTS{alertstate=\"firing\"}"));
    }

    private static void SkipWithout(string program)
    {
        var reason = TestTool.WhyMissing(program);
        Skip.If(reason is not null, reason);
    }

    private async Task KeepLoadedAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            await MetricsLoad.RunAsync(_server);
            await Task.Delay(TimeSpan.FromSeconds(5), cancellation).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private static IEnumerable<string> DashboardExpressions()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(RepositoryFiles.Root, "deploy", "grafana", "dashboards", "inference-server.json")));
        var expressions = dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!.Replace("$__rate_interval", "1m", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal))
            .ToArray();
        Assert.True(expressions.Length > 40, "The dashboard has more queries than were found.");
        return expressions;
    }

    private static (int Code, string Output) Run(string program, string? input, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = PrometheusServer.Delivered,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)));
        return (process.ExitCode, output.Result + errors.Result);
    }

    [GeneratedRegex(" (==|>=?|<=?) ")]
    private static partial Regex Comparison();
}
