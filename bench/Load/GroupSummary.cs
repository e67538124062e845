using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Load;

/// <summary>Figures of a group. Times are seconds; NaN where nothing was measured.</summary>
internal sealed record GroupSummary
{
    /// <summary>Name of the group.</summary>
    public required string Group { get; init; }

    /// <summary>Calls made.</summary>
    public required int Calls { get; init; }

    /// <summary>Calls that their client gave up.</summary>
    public required int Aborted { get; init; }

    /// <summary>429 answers.</summary>
    public required int Refused { get; init; }

    /// <summary>429 answers that did not say when to come again.</summary>
    public required int RefusedWithoutRetryAfter { get; init; }

    /// <summary>Calls that went wrong.</summary>
    public required int Failed { get; init; }

    /// <summary>What went wrong first; null if nothing did.</summary>
    public required string? FirstError { get; init; }

    /// <summary>Prompt tokens of completed calls.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens that completed calls generated.</summary>
    public required int CompletionTokens { get; init; }

    /// <summary>Share of the prompt tokens that the server took from its cache.</summary>
    public required double CachedShare { get; init; }

    /// <summary>Time to first token.</summary>
    public required double TtftP50 { get; init; }

    /// <summary>Time to first token.</summary>
    public required double TtftP99 { get; init; }

    /// <summary>Time to first token.</summary>
    public required double TtftMax { get; init; }

    /// <summary>Time between two portions of text of a call.</summary>
    public required double GapP50 { get; init; }

    /// <summary>Time between two portions of text of a call.</summary>
    public required double GapP99 { get; init; }

    /// <summary>Time between two portions of text of a call.</summary>
    public required double GapMax { get; init; }

    /// <summary>Time from sending to the end.</summary>
    public required double EndToEndP50 { get; init; }

    /// <summary>Time from sending to the end.</summary>
    public required double EndToEndP99 { get; init; }

    /// <summary>Time to a 429.</summary>
    public required double RefusalP50 { get; init; }

    /// <summary>Time to a 429.</summary>
    public required double RefusalP99 { get; init; }

    /// <summary>From the group's first sending until each of its calls has its first token.</summary>
    public required double AllStarted { get; init; }

    /// <summary>From the group's first sending to its last end.</summary>
    public required double Seconds { get; init; }

    /// <summary>Generated tokens over <see cref="Seconds"/>.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Portions of text a second while all of the group's calls stream at once.</summary>
    public required double DecodeTokensPerSecond { get; init; }

    /// <summary>Calls a second that met the objective.</summary>
    public required double Goodput { get; init; }

    /// <summary>A table of several groups.</summary>
    public static MarkdownTable ToTable(IEnumerable<GroupSummary> groups)
    {
        var table = new MarkdownTable(
            "group", "calls", "429", "failed", "prompt tok", "cached", "TTFT p50 s", "p99", "max", "gap p50 ms", "p99", "max", "all started s", "e2e p50 s", "tok/s", "decode tok/s", "good req/s");
        foreach (var group in groups)
        {
            table.Add(
                group.Group + (group.Aborted > 0 ? $" ({group.Aborted} aborted)" : ""),
                MarkdownTable.Number(group.Calls),
                MarkdownTable.Number(group.Refused),
                MarkdownTable.Number(group.Failed),
                MarkdownTable.Number(group.PromptTokens),
                MarkdownTable.Percent(group.CachedShare),
                MarkdownTable.Number(group.TtftP50, 2),
                MarkdownTable.Number(group.TtftP99, 2),
                MarkdownTable.Number(group.TtftMax, 2),
                MarkdownTable.Number(1000 * group.GapP50, 1),
                MarkdownTable.Number(1000 * group.GapP99, 1),
                MarkdownTable.Number(1000 * group.GapMax, 1),
                MarkdownTable.Number(group.AllStarted, 2),
                MarkdownTable.Number(group.EndToEndP50, 2),
                MarkdownTable.Number(group.TokensPerSecond, 1),
                MarkdownTable.Number(group.DecodeTokensPerSecond, 1),
                MarkdownTable.Number(group.Goodput, 2));
        }

        return table;
    }
}
