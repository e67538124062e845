using System.CommandLine;
using System.Diagnostics;
using InferenceServer.Bench.Compare;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Commands;

/// <summary><c>constrained</c>: the rate under a schema against the rate of free text, of as many tokens.</summary>
internal static class ConstrainedCommand
{
    private static readonly Option<string> Model = ModelOption.Create();
    private static readonly Option<int[]> Streams = new("--streams") { Description = "Streams side by side; several numbers for several comparisons.", DefaultValueFactory = _ => [1, 8], AllowMultipleArgumentsPerToken = true };
    private static readonly Option<double[]> Temperatures = new("--temperature") { Description = "Of the sampler; several numbers for several comparisons.", DefaultValueFactory = _ => [0, 1], AllowMultipleArgumentsPerToken = true };
    private static readonly Option<int> Pairs = new("--pairs") { Description = "Pairs of runs, constrained and free in turn.", DefaultValueFactory = _ => 10 };
    private static readonly Option<int> MaxTokens = new("--max-tokens") { Description = "Tokens of an answer at most.", DefaultValueFactory = _ => 400 };
    private static readonly Option<int> Seed = new("--seed") { Description = "Of the sampler; every run has another.", DefaultValueFactory = _ => 1 };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("constrained", "Start our server and compare the rate of answers under a schema of twenty fields with that of free text of the same lengths, in interleaved pairs.")
        {
            Model, Streams, Temperatures, Pairs, MaxTokens, Seed,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await using var server = await ServerProcess.StartAsync(["--model", arguments.GetValue(Model)!], cancellationToken);
        using var client = new LoadClient(server.BaseUrl, "default", apiKey: null);
        var table = new MarkdownTable("streams", "temperature", "pairs", "tokens an answer", "constrained tok/s", "free tok/s", "ratio", "interval", "first ratio");
        var seed = arguments.GetValue(Seed) * 1_000_003;
        await RunAsync(client, [Call(seed, 0, arguments.GetValue(MaxTokens)) with { Schema = null, MaxTokens = 64 }], cancellationToken); // warm-up of what both share
        foreach (var temperature in arguments.GetValue(Temperatures)!)
        {
            foreach (var numStreams in arguments.GetValue(Streams)!)
            {
                var rates = new List<(double Constrained, double Free)>();
                var lengths = new List<double>();
                for (var pair = 0; pair <= arguments.GetValue(Pairs); pair++)
                {
                    // The lengths of the free answers are those of the constrained ones, so these come first within a pair.
                    var calls = Enumerable.Range(0, numStreams).Select(i => Call(seed + i, temperature, arguments.GetValue(MaxTokens))).ToArray();
                    var (constrained, numTokens) = await RunAsync(client, calls, cancellationToken);
                    var (free, _) = await RunAsync(client, [.. calls.Zip(numTokens, (call, count) => call with { Schema = null, MaxTokens = count })], cancellationToken);
                    seed += numStreams;
                    rates.Add((constrained, free));
                    lengths.AddRange(numTokens.Select(count => (double)count));
                    Console.Error.WriteLine($"{numStreams} streams, temperature {temperature}, pair {pair}: {string.Join('+', numTokens)} tokens, constrained {constrained:0.0} tok/s, free {free:0.0}");
                }

                // In the first pair masks are built that the others find.
                var ratios = new Distribution(rates.Skip(1).Select(rate => rate.Constrained / rate.Free));
                var (low, high) = ratios.MedianInterval();
                table.Add(
                    MarkdownTable.Number(numStreams),
                    MarkdownTable.Number(temperature, 1),
                    MarkdownTable.Number(ratios.Count),
                    MarkdownTable.Number(new Distribution(lengths).Median),
                    MarkdownTable.Number(new Distribution(rates.Skip(1).Select(rate => rate.Constrained)).Median, 1),
                    MarkdownTable.Number(new Distribution(rates.Skip(1).Select(rate => rate.Free)).Median, 1),
                    MarkdownTable.Number(ratios.Median, 3),
                    $"{MarkdownTable.Number(low, 3)} to {MarkdownTable.Number(high, 3)}",
                    MarkdownTable.Number(rates[0].Constrained / rates[0].Free, 3));
            }
        }

        Console.WriteLine(table);
        return 0;
    }

    private static ChatCall Call(int seed, double temperature, int maxTokens) => new()
    {
        Messages = [new ChatTurn("user", TwentyFields.Question)],
        MaxTokens = maxTokens,
        Schema = TwentyFields.Schema,
        Temperature = temperature,
        Seed = seed,
        ReusePrefix = false, // what runs leave behind would slow the later ones down
    };

    private static async Task<(double TokensPerSecond, int[] NumTokens)> RunAsync(LoadClient client, ChatCall[] calls, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var results = await Task.WhenAll(calls.Select(call => client.SendAsync(call, onContent: null, cancellationToken)));
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return results.FirstOrDefault(result => result.Outcome != CallOutcome.Completed) is { } failed
            ? throw new InvalidOperationException($"A call ended with {failed.Outcome}, HTTP status {failed.HttpStatus}: {failed.Error}")
            : (results.Sum(result => result.CompletionTokens) / seconds, [.. results.Select(result => result.CompletionTokens)]);
    }
}
