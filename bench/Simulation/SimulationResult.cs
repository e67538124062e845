using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Simulation;

/// <summary>What a run in virtual time gave.</summary>
/// <param name="Requests">All of them, in the order of their ends.</param>
/// <param name="ElapsedMs">Virtual time from the start to the last end.</param>
/// <param name="BusyMs">Of that, time in which the device computed.</param>
/// <param name="NumSteps">Steps.</param>
/// <param name="NumIdleSteps">Steps without a row although there was work: must be none.</param>
/// <param name="LongestStepMs">The longest step.</param>
/// <param name="NumPreemptions">Sequences whose cells were taken.</param>
internal sealed record SimulationResult(
    IReadOnlyList<SimulatedRequest> Requests, double ElapsedMs, double BusyMs, long NumSteps, long NumIdleSteps, double LongestStepMs, long NumPreemptions)
{
    /// <summary>The columns of <see cref="AddTo"/>.</summary>
    public static MarkdownTable CreateTable() => new(
        "run", "class", "requests", "queued p99 s", "TTFT p50 s", "p99", "max", "gap p50 ms", "p99", "max", "tok/s in", "tok/s out", "cached", "preempted");

    /// <summary>Requests of a kind.</summary>
    public IEnumerable<SimulatedRequest> Of(TrafficKind kind) => Requests.Where(request => request.Kind == kind);

    /// <summary>Adds a row per kind of traffic.</summary>
    public void AddTo(MarkdownTable table, string run)
    {
        foreach (var kind in Enum.GetValues<TrafficKind>())
        {
            AddRow(table, run, kind.ToString(), [.. Of(kind)]);
        }

        AddRow(table, run, "all", Requests);
    }

    private void AddRow(MarkdownTable table, string run, string name, IReadOnlyList<SimulatedRequest> requests)
    {
        var ttft = new Distribution(requests.Select(request => (request.FirstTokenAt - request.ArrivesAt) / 1000));
        var queued = new Distribution(requests.Select(request => (request.AdmittedAt - request.ArrivesAt) / 1000));
        var gaps = new Distribution(requests.SelectMany(request => request.Gaps));
        var promptTokens = requests.Sum(request => (long)request.Prompt.Length);
        table.Add(
            run,
            name,
            MarkdownTable.Number(requests.Count),
            MarkdownTable.Number(queued.Quantile(0.99), 1),
            MarkdownTable.Number(ttft.Median, 1),
            MarkdownTable.Number(ttft.Quantile(0.99), 1),
            MarkdownTable.Number(ttft.Max, 1),
            MarkdownTable.Number(gaps.Median),
            MarkdownTable.Number(gaps.Quantile(0.99)),
            MarkdownTable.Number(gaps.Max),
            MarkdownTable.Number(promptTokens / (ElapsedMs / 1000), 1),
            MarkdownTable.Number(requests.Sum(request => (long)request.NumOutputTokens) / (ElapsedMs / 1000), 2),
            MarkdownTable.Percent((double)requests.Sum(request => (long)request.NumCachedTokens) / promptTokens),
            MarkdownTable.Number(requests.Sum(request => request.NumPreemptions)));
    }
}
