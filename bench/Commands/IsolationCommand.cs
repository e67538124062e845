using System.CommandLine;
using InferenceServer.Bench.Compare;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Commands;

/// <summary><c>isolation</c>: what it costs that the engine runs in a process of its own, by two servers that are alike but for it, in interleaved runs.</summary>
internal static class IsolationCommand
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private static readonly Option<string> Model = ModelOption.Create();
    private static readonly Option<int> Streams = new("--streams") { Description = "Streams side by side.", DefaultValueFactory = _ => 8 };
    private static readonly Option<int> Pairs = new("--pairs") { Description = "Runs of each side, in turn.", DefaultValueFactory = _ => 12 };
    private static readonly Option<int> Tokens = new("--tokens") { Description = "Tokens of each answer.", DefaultValueFactory = _ => 64 };
    private static readonly Option<int> Calls = new("--calls") { Description = "Single requests of each side in each pair, for the time to the first token.", DefaultValueFactory = _ => 10 };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("isolation", "Compare a server whose engine is a process of its own with one whose engine is not, in interleaved runs.") { Model, Streams, Pairs, Tokens, Calls };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var model = arguments.GetValue(Model)!;
        await using var apart = await ServerProcess.StartAsync(["--model", model], cancellationToken, ("Engine__Isolation", "process"));
        await using var together = await ServerProcess.StartAsync(["--model", model], cancellationToken, ("Engine__Isolation", "none"));
        using var apartClient = new LoadClient(apart.BaseUrl, "default", apiKey: null);
        using var togetherClient = new LoadClient(together.BaseUrl, "default", apiKey: null);
        List<RatePair> rates = [];
        List<(double Apart, double Together)> first = [];
        for (var pair = 0; pair <= arguments.GetValue(Pairs); pair++)
        {
            var (a, b) = (default(Side), default(Side));
            foreach (var isApart in pair % 2 == 0 ? [true, false] : (bool[])[false, true])
            {
                await Task.Delay(Rest, cancellationToken);
                var side = await MeasureAsync(isApart ? apartClient : togetherClient, 1000 + (pair * 7919), arguments, cancellationToken);
                (a, b) = isApart ? (side, b) : (a, side);
            }

            // The first runs are the servers' first: the runtime compiles their paths.
            if (pair > 0)
            {
                rates.Add(new RatePair(a.Rate, b.Rate));
                first.Add((a.FirstTokenMs, b.FirstTokenMs));
                Console.Error.WriteLine($"pair {pair}: {a.Rate.Whole:0.0} and {b.Rate.Whole:0.0} tok/s, first token after {a.FirstTokenMs:0.00} and {b.FirstTokenMs:0.00} ms");
            }
        }

        var table = new ComparisonTable();
        table.Add(arguments.GetValue(Streams), "in one process", rates);
        Console.WriteLine(table);
        var difference = new Distribution(first.Select(each => each.Apart - each.Together));
        var (low, high) = difference.MedianInterval();
        Console.WriteLine(
            $"Time to the first token of a single short request: {new Distribution(first.Select(each => each.Apart)).Median:0.00} ms in a process of its own, {new Distribution(first.Select(each => each.Together)).Median:0.00} ms in one, "
            + $"median difference {difference.Median:0.00} ms, interval {low:0.00} to {high:0.00}.");
        return 0;
    }

    private static async Task<Side> MeasureAsync(LoadClient client, int seed, ParseResult arguments, CancellationToken cancellationToken)
    {
        var streams = arguments.GetValue(Streams);
        var results = await new GeneratedLoad(client, 64, arguments.GetValue(Tokens), seed) { ReusePrefix = false }.RunClosedAsync(streams, streams, cancellationToken);
        var summary = results.Summarize(default);

        // One word: what is around the step is to be seen.
        var single = await new GeneratedLoad(client, 1, 2, seed + 1) { ReusePrefix = false }.RunClosedAsync(arguments.GetValue(Calls), 1, cancellationToken);
        var firstToken = new Distribution(single.Calls.Select(call => call.TimeToFirstToken * 1000)).Median;
        return new Side(new Rate(summary.DecodeTokensPerSecond, summary.TokensPerSecond), firstToken);
    }

    private readonly record struct Side(Rate Rate, double FirstTokenMs);
}
