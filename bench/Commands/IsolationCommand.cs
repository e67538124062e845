using System.CommandLine;
using InferenceServer.Bench.Compare;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Statistics;
using InferenceServer.Testing;

namespace InferenceServer.Bench.Commands;

/// <summary><c>isolation</c>: what it costs that the engine runs in a process of its own, by two servers that are alike but for it, in interleaved runs.</summary>
internal static class IsolationCommand
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private static readonly Option<string> Model = ModelOption.Create();
    private static readonly Option<int> Streams = new("--streams") { Description = "Streams side by side.", DefaultValueFactory = _ => 8 };
    private static readonly Option<int> Pairs = new("--pairs") { Description = "Runs of each side, in turn.", DefaultValueFactory = _ => 12 };
    private static readonly Option<int> Tokens = new("--tokens") { Description = "Tokens of each answer.", DefaultValueFactory = _ => 64 };
    private static readonly Option<int> Calls = new("--calls") { Description = "Single requests of each side in each pair, for the time to the first token.", DefaultValueFactory = _ => 100 };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("isolation", "Compare a server whose engine is a process of its own with one whose engine is not, in interleaved runs.") { Model, Streams, Pairs, Tokens, Calls };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var rates = new ComparisonTable();
        rates.Add(arguments.GetValue(Streams), "in one process", await CompareRatesAsync(arguments, cancellationToken));
        Console.WriteLine(rates);

        var first = await CompareFirstTokensAsync(arguments, cancellationToken);
        var difference = new Distribution(first.Select(each => each.Apart - each.Together));
        var (low, high) = difference.MedianInterval();
        Console.WriteLine(
            $"An answer of one token of a model of a few hundred KB: {new Distribution(first.Select(each => each.Apart)).Median:0.00} ms in a process of its own, {new Distribution(first.Select(each => each.Together)).Median:0.00} ms in one, "
            + $"median difference of {first.Count} pairs of medians {difference.Median:0.00} ms, interval {low:0.00} to {high:0.00}.");
        return 0;
    }

    private static Task<List<RatePair>> CompareRatesAsync(ParseResult arguments, CancellationToken cancellationToken) => CompareAsync(
        arguments.GetValue(Model)!,
        arguments.GetValue(Pairs),
        async (client, pair) =>
        {
            var streams = arguments.GetValue(Streams);
            var results = await new GeneratedLoad(client, 64, arguments.GetValue(Tokens), 1000 + (pair * 7919)) { ReusePrefix = false }.RunClosedAsync(streams, streams, cancellationToken);
            var summary = results.Summarize(default);
            return new Rate(summary.DecodeTokensPerSecond, summary.TokensPerSecond);
        },
        (apart, together) =>
        {
            Console.Error.WriteLine($"{apart.Whole:0.0} and {together.Whole:0.0} tok/s");
            return new RatePair(apart, together);
        },
        cancellationToken);

    // Of a model whose steps take no time: what is around a step is to be seen.
    private static async Task<List<(double Apart, double Together)>> CompareFirstTokensAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("isolation-");
        try
        {
            var model = Path.Combine(folder.FullName, "tiny.gguf");
            TinyModel.WriteTo(model, new TinyModelOptions());
            return await CompareAsync(
                model,
                arguments.GetValue(Pairs),
                async (client, pair) =>
                {
                    var results = await new GeneratedLoad(client, 8, maxTokens: 1, 1000 + (pair * 7919)) { ReusePrefix = false }.RunClosedAsync(1, arguments.GetValue(Calls), cancellationToken);
                    return new Distribution(results.Calls.Select(call => (call.EndedAt - call.SentAt) * 1000)).Median;
                },
                (apart, together) =>
                {
                    Console.Error.WriteLine($"first token after {apart:0.00} and {together:0.00} ms");
                    return (apart, together);
                },
                cancellationToken);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // In turn, there and back. The first runs are the servers' first, in which the runtime compiles their paths, and do not count.
    private static async Task<List<TPair>> CompareAsync<TSide, TPair>(
        string model, int numPairs, Func<LoadClient, int, Task<TSide>> measure, Func<TSide, TSide, TPair> join, CancellationToken cancellationToken)
    {
        await using var apart = await ServerProcess.StartAsync(["--model", model], cancellationToken, ("Engine__Isolation", "process"));
        await using var together = await ServerProcess.StartAsync(["--model", model], cancellationToken, ("Engine__Isolation", "none"));
        using var apartClient = new LoadClient(apart.BaseUrl, "default", apiKey: null);
        using var togetherClient = new LoadClient(together.BaseUrl, "default", apiKey: null);
        List<TPair> pairs = [];
        for (var pair = 0; pair <= numPairs; pair++)
        {
            var (a, b) = (default(TSide)!, default(TSide)!);
            foreach (var isApart in pair % 2 == 0 ? [true, false] : (bool[])[false, true])
            {
                await Task.Delay(Rest, cancellationToken);
                var side = await measure(isApart ? apartClient : togetherClient, pair);
                (a, b) = isApart ? (side, b) : (a, side);
            }

            if (pair > 0)
            {
                pairs.Add(join(a, b));
            }
        }

        return pairs;
    }
}
