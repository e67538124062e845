using InferenceServer.Bench.Load;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Tiers;

/// <summary>The first token of one prompt by where its prefix is: nowhere, in the cells, in memory, on disk; and after a restart and a crash, which leave the disk alone.</summary>
/// <param name="servers">Whom to ask.</param>
/// <param name="prompts">Texts.</param>
/// <param name="numWords">Words of the prompt.</param>
internal sealed class FirstTokens(TierServers servers, Prompts prompts, int numWords)
{
    // The prompt and an answer, and little else: another prompt of this size takes its cells.
    private readonly int _numCells = (numWords / 256 * 256) + 512;
    private readonly string _text = prompts.Next(numWords);
    private readonly MarkdownTable _table = new("the prompt", "prompt tok", "cached", "TTFT s", "sooner than cold");
    private double _cold;

    /// <summary>Plays all of it and returns the table; says on the standard error what it is at.</summary>
    public async Task<MarkdownTable> RunAsync(CancellationToken cancellationToken)
    {
        await using (var server = await servers.StartAsync(_numCells, 2048, cancellationToken))
        {
            using var client = new LoadClient(server.BaseUrl, "default", apiKey: null);
            await AskAsync(client, "cold", cancellationToken);
            await AskAsync(client, "again at once, from the cells", cancellationToken);
            await TakeCellsAsync(client, cancellationToken);
            await AskAsync(client, "after another, from the host's memory", cancellationToken);
            await server.StopAsync(cancellationToken);
        }

        // Without memory: what the disk gives stays nowhere else.
        await using (var server = await servers.StartAsync(_numCells, 0, cancellationToken))
        {
            using var client = new LoadClient(server.BaseUrl, "default", apiKey: null);
            await AskAsync(client, "after a restart (SIGTERM), the first request", cancellationToken);
            await TakeCellsAsync(client, cancellationToken);
            await AskAsync(client, "after another, from disk", cancellationToken);
            server.KillEngine();
            await AskAsync(client, "sent right after a kill -9 of the engine, its new start included", cancellationToken);
            server.KillEngine();
            await CallAsync(client, prompts.Next(1), 1, cancellationToken);
            await AskAsync(client, "after a kill -9 of the engine, once it is back", cancellationToken);
        }

        return _table;
    }

    private async Task AskAsync(LoadClient client, string where, CancellationToken cancellationToken)
    {
        var result = await CallAsync(client, _text, 8, cancellationToken);
        var seconds = result.TimeToFirstToken;
        _cold = _cold == 0 ? seconds : _cold;
        Console.Error.WriteLine($"{where}: {result.CachedTokens} of {result.PromptTokens} tokens cached, first token after {seconds:0.000} s");
        _table.Add(
            where, MarkdownTable.Number(result.PromptTokens), MarkdownTable.Percent((double)result.CachedTokens / result.PromptTokens), MarkdownTable.Number(seconds, 3), MarkdownTable.Number(_cold / seconds, 1) + "x");
    }

    private async Task TakeCellsAsync(LoadClient client, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine("another prompt takes the cells");
        await CallAsync(client, prompts.Next(numWords), 1, cancellationToken);
    }

    private static async Task<CallResult> CallAsync(LoadClient client, string text, int maxTokens, CancellationToken cancellationToken)
    {
        var result = await client.SendAsync(new ChatCall { Messages = [new ChatTurn("user", text)], MaxTokens = maxTokens }, null, cancellationToken);
        return result.Outcome == CallOutcome.Completed ? result : throw new InvalidOperationException($"A call failed: {result.HttpStatus} {result.Error}");
    }
}
