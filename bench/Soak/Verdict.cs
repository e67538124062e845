using System.Globalization;
using InferenceServer.Bench.Statistics;
using InferenceServer.Testing;

namespace InferenceServer.Bench.Soak;

/// <summary>What a soak shows, claim by claim. Pure.</summary>
internal sealed class Verdict
{
    // The first half, in which caches fill, heaps find their size and the runtime compiles what is used, is left out.
    private const double WarmUpShare = 0.5;

    // A line is laid through the lows of so many groups: garbage collectors swing within each, by far more than what is looked for, and their lows are what they leave.
    private const int NumGroups = 10;

    // More fails if it is more than noise, too: a growth whose interval reaches below zero proves nothing.
    private const double MaxGrowth = 0.01;

    // Connections come and go.
    private const double MaxFileGrowth = 2;

    private readonly MarkdownTable _table = new("claim", "bound", "seen", "holds");

    /// <summary>True if every claim holds.</summary>
    public bool IsGood { get; private set; } = true;

    /// <summary>Requests, as clients saw them and as the server counted them.</summary>
    public void AddRequests(Tally tally, IReadOnlyList<ClientKind> kinds, MetricsPage metrics)
    {
        long CountText(params Ending[] endings) => kinds.Where(kind => kind.IsText).Sum(kind => endings.Sum(ending => tally.Count(kind, ending)));
        long Finished(params string[] reasons) => (long)reasons.Sum(reason => metrics.SumOrZero("inference_requests_finished_total", ("reason", reason)));

        Add("every request has an end", "all", $"{tally.NumEnded:N0} of {tally.NumSent:N0}", tally.NumEnded == tally.NumSent);
        foreach (var ending in (Ending[])[Ending.Lost, Ending.Doubled, Ending.Failed, Ending.Wrong])
        {
            Add($"requests {ending.ToString().ToLowerInvariant()}", "0", $"{tally.Count(ending)}", tally.Count(ending) == 0);
        }

        var faults = Accounting.Check(
            new ClientCounts(CountText(Ending.Answered, Ending.Wrong), CountText(Ending.Failed), CountText(Ending.Left), tally.NumTextLeftAdmitted),
            new ServerCounts(Finished("stop", "length", "tool_calls"), Finished("aborted"), Finished("error")));
        Add("clients and server count the same ends", "all", faults.Count == 0 ? $"{CountText(Ending.Answered):N0} answers" : string.Join("; ", faults), faults.Count == 0);
        var busy = metrics.SumOrZero("inference_requests_running") + metrics.SumOrZero("inference_requests_waiting") + metrics.SumOrZero("inference_admission_taken");
        Add("nothing runs or waits at the end", "0", $"{busy}", busy == 0);
    }

    /// <summary>A fixed question's answers.</summary>
    public void AddProbe(Tally tally, ClientKind probe) => Add(
        "a fixed probe's answers are equal", "all", $"{tally.Count(probe, Ending.Answered)}", tally.Count(probe, Ending.Answered) > 1 && tally.Count(probe, Ending.Wrong) == 0);

    /// <summary>KV cells and what became of the disk tier.</summary>
    public void AddCache(MetricsPage metrics, int context, DiskVandal vandal)
    {
        double Cells(string state) => metrics.SumOrZero("inference_kv_cells", ("state", state));
        Add("cells held by requests at the end", "0", $"{Cells("used")}", Cells("used") == 0);
        Add("cells free or cached", $"{context}", $"{Cells("free") + Cells("cached")}", Cells("free") + Cells("cached") == context);
        Add("cells unlike the library's", "0", $"{metrics.SumOrZero("inference_kv_book_errors_total")}", metrics.SumOrZero("inference_kv_book_errors_total") == 0);
        var restored = string.Join(" and ", ((string[])["memory", "disk"]).Select(tier => metrics.SumOrZero("inference_cache_tokens_restored_total", ("tier", tier)).ToString("N0", CultureInfo.InvariantCulture)));
        Add("tokens that came back from memory and from disk", "more than 0", restored, !restored.StartsWith("0 ", StringComparison.Ordinal) && !restored.EndsWith(" 0", StringComparison.Ordinal));
        var dropped = string.Join(", ", metrics.Find("inference_cache_disk_dropped_total").Where(each => each.Value > 0).Select(each => $"{each.Value} {each.Labels["reason"]}"));
        Add($"files dropped, of {vandal.NumHurt} damaged; disk filled {vandal.NumFilled} times", "any", dropped, dropped.Length > 0 || vandal.NumHurt == 0);
    }

    /// <summary>Ends of the engine's process.</summary>
    public void AddRestarts(MetricsPage metrics, int numKills)
    {
        var restarts = metrics.Find("inference_engine_restarts_total").Where(each => each.Value > 0).Select(each => $"{each.Value} {each.Labels["reason"]}").ToArray();
        var seen = restarts.Length == 0 ? "none" : string.Join(", ", restarts);
        var recovered = metrics.SumOrZero("inference_engine_requests_recovered_total");
        Add("ends of the engine's process", numKills == 0 ? "none" : $"{numKills} killed", $"{seen}; {recovered} requests went on", seen == (numKills == 0 ? "none" : $"{numKills} killed"));
    }

    /// <summary>Memory and file handles of both processes.</summary>
    /// <param name="samples">Of the whole load.</param>
    /// <param name="minEngineAge">Younger engines fill their caches still.</param>
    public void AddProcesses(IReadOnlyList<Sample> samples, TimeSpan minEngineAge)
    {
        var warm = samples.Where(sample => sample.At >= WarmUpShare * samples[^1].At).ToArray();
        AddProcess("host", [.. warm.Select(sample => (sample.NumRequests, sample.Host))]);
        AddProcess("engine", [.. warm.Where(sample => sample.Engine is not null && sample.EngineAge >= minEngineAge).Select(sample => (sample.NumRequests, sample.Engine!.Value))]);
    }

    public override string ToString() => _table.ToString();

    private void AddProcess(string name, IReadOnlyList<(long NumRequests, ProcessFacts Facts)> samples)
    {
        const double MiB = 1 << 20;
        var memory = Trend.Fit(Trend.Group([.. samples.Select(each => (each.NumRequests / 1000.0, each.Facts.MemoryBytes / MiB))], NumGroups, Enumerable.Min));
        var share = memory.HalfWidth * memory.Span / memory.Mean;
        Add(
            $"memory of the {name}: growth over {1000 * memory.Span:N0} requests",
            "under 1 %, or noise",
            string.Create(CultureInfo.InvariantCulture, $"{memory.Mean:N1} MiB, {100 * memory.Growth:+0.00;-0.00} ± {100 * share:0.00} %; slope {memory.Slope:+0.00;-0.00} ± {memory.HalfWidth:0.00} MiB per 1,000"),
            memory.Growth < MaxGrowth || memory.Slope < memory.HalfWidth);
        var files = Trend.Group([.. samples.Select(each => ((double)each.NumRequests, (double)each.Facts.NumFiles))], NumGroups, Enumerable.Average);
        var (first, last) = files.Count > 0 ? (files[0].Y, files[^1].Y) : (double.NaN, double.NaN);
        var change = samples.Count > 0 ? samples[^1].Facts.DescribeFilesSince(samples[0].Facts) : "";
        Add(
            $"file handles of the {name}: first and last",
            $"at most {MaxFileGrowth} more",
            string.Create(CultureInfo.InvariantCulture, $"{first:0.0}, {last:0.0}{(change.Length > 0 ? $" (last sample: {change})" : "")}"),
            last - first <= MaxFileGrowth);
    }

    private void Add(string claim, string bound, string seen, bool holds)
    {
        IsGood &= holds;
        _table.Add(claim, bound, seen, holds ? "yes" : "NO");
    }
}
