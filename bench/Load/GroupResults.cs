using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Load;

/// <summary>The calls of one kind of client.</summary>
/// <param name="Group">Its name.</param>
/// <param name="Calls">In the order of their ends.</param>
internal sealed record GroupResults(string Group, IReadOnlyList<CallResult> Calls)
{
    /// <summary>The figures of the table.</summary>
    public GroupSummary Summarize(ServiceObjective objective)
    {
        var answered = Calls.Where(call => call.ContentAt.Count > 0).ToArray();
        var completed = Calls.Where(call => call.Outcome == CallOutcome.Completed).ToArray();
        var start = Calls.Min(call => call.SentAt);
        var seconds = Calls.Max(call => call.EndedAt) - start;
        var ttft = new Distribution(answered.Select(call => call.TimeToFirstToken));
        var gaps = new Distribution(answered.SelectMany(call => call.Gaps));
        var ends = new Distribution(completed.Select(call => call.EndedAt - call.SentAt));
        var refusals = new Distribution(Calls.Where(call => call.Outcome == CallOutcome.Refused).Select(call => call.EndedAt - call.SentAt));
        var promptTokens = completed.Sum(call => call.PromptTokens);
        return new GroupSummary
        {
            Group = Group,
            Calls = Calls.Count,
            Aborted = Calls.Count(call => call.Outcome == CallOutcome.Aborted),
            Refused = refusals.Count,
            RefusedWithoutRetryAfter = Calls.Count(call => call.Outcome == CallOutcome.Refused && !call.HasRetryAfter),
            Failed = Calls.Count(call => call.Outcome == CallOutcome.Failed),
            FirstError = Calls.FirstOrDefault(call => call.Error is not null)?.Error,
            PromptTokens = promptTokens,
            CompletionTokens = completed.Sum(call => call.CompletionTokens),
            CachedShare = promptTokens == 0 ? double.NaN : (double)completed.Sum(call => call.CachedTokens) / promptTokens,
            TtftP50 = ttft.Median,
            TtftP99 = ttft.Quantile(0.99),
            TtftMax = ttft.Max,
            GapP50 = gaps.Median,
            GapP99 = gaps.Quantile(0.99),
            GapMax = gaps.Max,
            EndToEndP50 = ends.Median,
            EndToEndP99 = ends.Quantile(0.99),
            RefusalP50 = refusals.Median,
            RefusalP99 = refusals.Quantile(0.99),
            AllStarted = answered.Length == 0 ? double.NaN : answered.Max(call => call.ContentAt[0]) - start,
            Seconds = seconds,
            TokensPerSecond = completed.Sum(call => call.CompletionTokens) / seconds,
            DecodeTokensPerSecond = GetDecodeRate(answered),
            Goodput = completed.Count(objective.IsMet) / seconds,
        };
    }

    /// <summary>Portions of text a second while every client streams: from the last first token to the first end. NaN if there is no such time.</summary>
    private static double GetDecodeRate(CallResult[] answered)
    {
        if (answered.Length == 0)
        {
            return double.NaN;
        }

        var from = answered.Max(call => call.ContentAt[0]);
        var to = answered.Min(call => call.ContentAt[^1]);
        return to > from ? answered.Sum(call => call.ContentAt.Count(at => at > from && at <= to)) / (to - from) : double.NaN;
    }
}

/// <summary>When a call counts as served well.</summary>
/// <param name="MaxTtft">Seconds to the first token.</param>
/// <param name="MaxGap">Seconds between any two portions of text.</param>
internal readonly record struct ServiceObjective(double MaxTtft, double MaxGap)
{
    /// <summary>True if the call kept to it from the first to the last token.</summary>
    public bool IsMet(CallResult call) => call.TimeToFirstToken <= MaxTtft && call.Gaps.All(Within);

    private bool Within(double gap) => gap <= MaxGap;
}
