using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using InferenceServer.Integration.Tests.Clients;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Metrics;

/// <summary>The metrics of a real engine, judged by Prometheus' own programs.</summary>
[Collection(ClientCollection.Name)]
public sealed partial class PrometheusTests(ClientCollection.Fixture fixture)
{
    private static readonly string Mac = Path.Combine(RepositoryFiles.Root, "tests", "Integration.Tests", "Metrics", "mac.prom");

    private readonly RunningServer _server = fixture.Server;

    [SkippableFact]
    public async Task Pages_OfALoadedServer_PassPromtool()
    {
        SkipWithout("promtool");
        await LoadAsync();
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
        await LoadAsync();
        await prometheus.WaitForAsync("sum(inference_requests_finished_total) > 0");
        await LoadAsync();

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

        await loaded.CancelAsync();
        await load;
        Assert.Empty(empty);
        var rules = await File.ReadAllTextAsync(Path.Combine(PrometheusServer.Delivered, "alerts.yml")) + await File.ReadAllTextAsync(Path.Combine(PrometheusServer.Delivered, "recording.yml"));
        var names = RuleMetric().Matches(Annotation().Replace(rules, "")).Select(match => match.Value).Distinct().ToArray();
        Assert.True(names.Length > 15, "The rules name more metrics than were found.");
        foreach (var name in names)
        {
            Assert.True(await prometheus.ComesToBeAsync($"count({name})", count => count > 0), $"No series of {name}.");
        }

        // Nothing is wrong with a server under a little load: every rule evaluates, and none fires.
        Assert.Empty(await prometheus.QueryAsync("ALERTS{alertstate=\"firing\"}"));
    }

    [Fact]
    public async Task Page_OfMetrics_NamesEveryMetricAndNoOther()
    {
        await LoadAsync();
        var scraped = MetricsPage.Parse(await _server.Client.GetStringAsync("/metrics"));
        var documented = await ReadPageAsync();
        foreach (var (family, type) in scraped.Types)
        {
            Assert.True(documented.TryGetValue(family, out var row), $"{family} is not in docs/metrics.md.");
            Assert.Equal((family, row.Type), (family, type));
        }

        foreach (var sample in scraped.Series)
        {
            var row = documented[scraped.FamilyOf(sample.Name)];
            var labels = sample.Labels.Keys.Where(label => label != "le").Except(row.Labels);
            Assert.True(!labels.Any(), $"docs/metrics.md does not name the labels {string.Join(", ", labels)} of {sample.Name}.");
        }

        var missing = documented.Where(row => row.Value.IsEverywhere && !scraped.Types.ContainsKey(row.Key)).Select(row => row.Key);
        Assert.Empty(missing);
    }

    [Fact]
    public async Task Fixture_OfAMac_HasOnlyDocumentedMetrics()
    {
        var documented = await ReadPageAsync();
        var page = MetricsPage.Parse(await File.ReadAllTextAsync(Mac));
        Assert.All(page.Types, family => Assert.Equal(family.Value, documented[family.Key].Type));
        Assert.All(page.Series, sample => Assert.Empty(sample.Labels.Keys.Except(documented[sample.Name].Labels)));
    }

    private static void SkipWithout(string program)
    {
        var reason = TestTool.WhyMissing(program);
        Skip.If(reason is not null, reason);
    }

    // Every kind of request once: streams side by side, answers in one piece, a completion, an abort, refusals.
    private async Task LoadAsync()
    {
        var stream = _server.Client.PostAsJsonAsync("/v1/chat/completions", Chats.Body("Tell me a story.", ("stream", true), ("max_tokens", 30), ("ignore_eos", true)));
        var whole = _server.AnswerAsync(Chats.Capital(("max_tokens", 24), ("ignore_eos", true)));
        var completion = _server.Client.PostAsJsonAsync("/v1/completions", new { prompt = "Once upon a time", max_tokens = 24 });
        await whole;
        (await stream).Dispose();
        (await completion).Dispose();
        (await _server.ChatAsync(new { messages = 3 })).Dispose();
        (await _server.Client.GetAsync("/nothing")).Dispose();
        await _server.WaitUntilIdleAsync();
    }

    private async Task KeepLoadedAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            await LoadAsync();
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

    private static async Task<Dictionary<string, (string Type, string[] Labels, bool IsEverywhere)>> ReadPageAsync()
    {
        var rows = new Dictionary<string, (string, string[], bool)>();
        var isEverywhere = true;
        foreach (var line in await File.ReadAllLinesAsync(Path.Combine(RepositoryFiles.Root, "docs", "metrics.md")))
        {
            isEverywhere = line.StartsWith("## ", StringComparison.Ordinal) ? !line.Contains("Only", StringComparison.Ordinal) : isEverywhere;
            if (MetricRow().Match(line) is { Success: true } row)
            {
                rows.Add(row.Groups["name"].Value, (row.Groups["type"].Value, [.. Code().Matches(row.Groups["labels"].Value).Select(label => label.Groups[1].Value)], isEverywhere));
            }
        }

        return rows;
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

    [GeneratedRegex(@"^\| `(?<name>[a-z][a-zA-Z0-9_:]*)` \| (?<type>counter|gauge|histogram) \|[^|]*\|(?<labels>[^|]*)\|")]
    private static partial Regex MetricRow();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    // A name before a quoted value is a label's.
    [GeneratedRegex(@"\b(up(?=\{)|(inference|hw|gen_ai)_[a-z0-9_]+|instance:[a-z0-9_:]+)\b(?![=!]~?=?"")")]
    private static partial Regex RuleMetric();

    // Comments and summaries name no series; names of rules do, but are found where they are used.
    [GeneratedRegex("(?m)^ *(#|summary:|- alert:).*$")]
    private static partial Regex Annotation();
}
