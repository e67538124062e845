using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Metrics;

/// <summary>Debian's Prometheus over the configuration in <c>deploy/prometheus</c>, with our targets and a shorter breath.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly Process _process;
    private readonly HttpClient _client;

    private PrometheusServer(DirectoryInfo folder, Process process, int port)
    {
        _folder = folder;
        _process = process;
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(30) };
    }

    /// <summary>The folder of the configuration as it is delivered.</summary>
    public static string Delivered { get; } = Path.Combine(RepositoryFiles.Root, "deploy", "prometheus");

    public static async Task<PrometheusServer> StartAsync(params string[] targets)
    {
        var folder = Directory.CreateTempSubdirectory("prometheus-");
        foreach (var rules in new[] { "recording.yml", "alerts.yml" })
        {
            File.Copy(Path.Combine(Delivered, rules), Path.Combine(folder.FullName, rules));
        }

        var configuration = await File.ReadAllTextAsync(Path.Combine(Delivered, "prometheus.yml"));
        configuration = Replace(configuration, "\"127.0.0.1:8080\"", string.Join(", ", targets.Select(target => $"\"{target}\"")));
        configuration = Replace(configuration, "scrape_interval: 5s", "scrape_interval: 500ms\n  scrape_timeout: 500ms");
        configuration = Replace(configuration, "evaluation_interval: 15s", "evaluation_interval: 500ms");
        var file = Path.Combine(folder.FullName, "prometheus.yml");
        await File.WriteAllTextAsync(file, configuration);
        var port = FindFreePort();
        var start = new ProcessStartInfo("prometheus") { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in new[] { $"--config.file={file}", $"--storage.tsdb.path={Path.Combine(folder.FullName, "data")}", $"--web.listen-address=127.0.0.1:{port}", "--log.level=error" })
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return new PrometheusServer(folder, process, port);
    }

    /// <summary>Values of a query, one per series; throws if it is none.</summary>
    public async Task<double[]> QueryAsync(string expression)
    {
        using var response = await _client.GetAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(expression)}", UriKind.Relative));
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.True(document.RootElement.GetProperty("status").GetString() == "success", $"{expression}: {document.RootElement}");
        return [.. document.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Select(series => ToNumber(series.GetProperty("value")[1].GetString()!))];
    }

    /// <summary>All rules, and how their last evaluation went.</summary>
    public async Task<PrometheusRule[]> ReadRulesAsync()
    {
        using var document = JsonDocument.Parse(await _client.GetStringAsync(new Uri("/api/v1/rules", UriKind.Relative)));
        string Text(JsonElement rule, string name) => rule.GetProperty(name).GetString()!;
        return
        [
            .. document.RootElement.GetProperty("data").GetProperty("groups").EnumerateArray()
                .SelectMany(group => group.GetProperty("rules").EnumerateArray())
                .Select(rule => new PrometheusRule(Text(rule, "name"), Text(rule, "type") == "alerting", Text(rule, "query"), Text(rule, "health"))),
        ];
    }

    /// <summary>Waits until a query has a value that is not 0.</summary>
    public async Task WaitForAsync(string expression) =>
        Assert.True(await ComesToBeAsync(expression, value => value != 0 && !double.IsNaN(value)), $"{expression} does not come to be.");

    /// <summary>Whether a query comes to have a value as wanted, within a time that a loaded machine keeps.</summary>
    public async Task<bool> ComesToBeAsync(string expression, Func<double, bool> isWanted)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(30); DateTime.UtcNow < deadline; await Task.Delay(100))
        {
            try
            {
                if ((await QueryAsync(expression)).Any(isWanted))
                {
                    return true;
                }
            }
            catch (HttpRequestException)
            {
                Assert.False(_process.HasExited, "Prometheus ended.");
            }
            catch (JsonException)
            {
                // Not ready yet.
            }
        }

        return false;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private static string Replace(string text, string old, string with)
    {
        Assert.Contains(old, text, StringComparison.Ordinal);
        return text.Replace(old, with, StringComparison.Ordinal);
    }

    private static double ToNumber(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, System.Globalization.CultureInfo.InvariantCulture),
    };

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>A rule, as Prometheus has read it.</summary>
/// <param name="Name">Of the alert, or of what is recorded.</param>
/// <param name="IsAlert">False: it records.</param>
/// <param name="Query">Its expression.</param>
/// <param name="Health"><c>ok</c> if the last evaluation worked, <c>unknown</c> before the first.</param>
internal sealed record PrometheusRule(string Name, bool IsAlert, string Query, string Health);
