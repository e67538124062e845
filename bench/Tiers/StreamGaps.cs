using InferenceServer.Bench.Load;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Tiers;

/// <summary>The pauses of a running stream while a long prefix is saved beside it, or comes back from memory or from disk.</summary>
/// <param name="servers">Whom to ask.</param>
/// <param name="prompts">Texts.</param>
/// <param name="numWords">Words of the prefix.</param>
internal sealed class StreamGaps(TierServers servers, Prompts prompts, int numWords)
{
    private const string Prefix = "prefix";
    private const string Stream = "stream";
    private const int PortionsBefore = 16;

    // Shorter than the prefix, and computed sooner: attention costs the square of the length.
    private const int NumOthers = 4;

    // The prefix and its answer, the stream and another short one.
    private readonly int _numCells = (numWords / 256 * 256) + 1024;
    private readonly string _text = prompts.Next(numWords);
    private readonly MarkdownTable _table = new("beside the stream", "prefix tok", "cached", "its TTFT s", "gap p50 ms", "p99", "longest");

    /// <summary>Plays all of it and returns the table; says on the standard error what it is at.</summary>
    public async Task<MarkdownTable> RunAsync(CancellationToken cancellationToken)
    {
        await using (var server = await servers.StartAsync(_numCells, 2048, cancellationToken))
        {
            using var client = new LoadClient(server.BaseUrl, "default", apiKey: null);
            await PlayAsync(client, "nothing", [NewStream()], cancellationToken);

            // What is saved has ended, so the stream begins when the prefill is over and outlives the answer.
            Console.Error.WriteLine("computing the prefix");
            await PlayAsync(client, "saved to memory and disk", [Ask(numTokens: 32), NewStream(ScenarioStart.OnceStreaming(Prefix, 1))], cancellationToken);
            Console.Error.WriteLine("others take the cells");
            await PlayAsync(client, null, [.. Enumerable.Range(0, NumOthers).Select(_ => new ScenarioClient { Group = Prefix, Turns = [prompts.Next(numWords / NumOthers)], MaxTokens = 1 })], cancellationToken);
            await PlayAsync(client, "back from memory", [NewStream(), Ask(ScenarioStart.OnceStreaming(Stream, PortionsBefore))], cancellationToken);
            await server.StopAsync(cancellationToken);
        }

        await using (var server = await servers.StartAsync(_numCells, 2048, cancellationToken))
        {
            using var client = new LoadClient(server.BaseUrl, "default", apiKey: null);
            await PlayAsync(client, "back from disk, after a restart", [NewStream(), Ask(ScenarioStart.OnceStreaming(Stream, PortionsBefore))], cancellationToken);
        }

        return _table;
    }

    private async Task PlayAsync(LoadClient client, string? what, IReadOnlyList<ScenarioClient> clients, CancellationToken cancellationToken)
    {
        var results = await new ScenarioRun(client, new Scenario("tiers", "", [clients])).RunAsync(cancellationToken);
        if (results.SelectMany(result => result.Calls).FirstOrDefault(call => call.Outcome != CallOutcome.Completed) is { } failed)
        {
            throw new InvalidOperationException($"A call failed: {failed.HttpStatus} {failed.Error}");
        }

        if (what is null)
        {
            return;
        }

        var gaps = new Distribution(results.Single(result => result.Group == Stream).Calls[0].Gaps.Select(gap => 1000 * gap));
        var prefix = results.SingleOrDefault(result => result.Group == Prefix)?.Calls[0];
        Console.Error.WriteLine($"{what}: longest gap {gaps.Max:0} ms");
        _table.Add(
            what,
            MarkdownTable.Number(prefix?.PromptTokens ?? double.NaN),
            MarkdownTable.Percent(prefix is null ? double.NaN : (double)prefix.CachedTokens / prefix.PromptTokens),
            MarkdownTable.Number(prefix?.TimeToFirstToken ?? double.NaN, 2),
            MarkdownTable.Number(gaps.Median, 1),
            MarkdownTable.Number(gaps.Quantile(0.99), 1),
            MarkdownTable.Number(gaps.Max, 1));
    }

    private ScenarioClient Ask(ScenarioStart start = default, int numTokens = 8) => new() { Group = Prefix, Turns = [_text], MaxTokens = numTokens, Start = start };

    private ScenarioClient NewStream(ScenarioStart start = default) => new() { Group = Stream, Turns = [prompts.Next(64)], MaxTokens = 192, Start = start };
}
