using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using InferenceServer.Bench.Compare;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Commands;

/// <summary><c>telemetry</c>: what measuring costs, by two servers that are alike but for it, in interleaved runs.</summary>
internal static class TelemetryCommand
{
    // More often than any Prometheus scrapes.
    private static readonly TimeSpan ScrapeInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private const int IdleScrapes = 200;

    private static readonly Option<string> Model = ModelOption.Create();
    private static readonly Option<int> Streams = new("--streams") { Description = "Streams side by side.", DefaultValueFactory = _ => 8 };
    private static readonly Option<int> Pairs = new("--pairs") { Description = "Runs of each side, in turn.", DefaultValueFactory = _ => 12 };
    private static readonly Option<int> Tokens = new("--tokens") { Description = "Tokens of each answer.", DefaultValueFactory = _ => 64 };
    private static readonly Option<int> PromptWords = new("--prompt-words") { Description = "Words of each prompt.", DefaultValueFactory = _ => 64 };
    private static readonly Option<int> Seed = new("--seed") { Description = "Of the prompts.", DefaultValueFactory = _ => 1 };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("telemetry", "Compare a server that measures everything, scraped every second and not, with one that measures nothing, in interleaved runs.")
        {
            Model, Streams, Pairs, Tokens, PromptWords, Seed,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var model = arguments.GetValue(Model)!;
        await using var with = await ServerProcess.StartAsync(["--model", model], cancellationToken);
        await using var without = await ServerProcess.StartAsync(["--model", model], cancellationToken, ("Metrics__Enabled", "false"), ("Power__Enabled", "false"));
        using var measured = new LoadClient(with.BaseUrl, "default", apiKey: null);
        using var plain = new LoadClient(without.BaseUrl, "default", apiKey: null);
        using var scraper = new HttpClient { BaseAddress = with.Address };
        var scrapes = new List<double>();
        var runs = new List<Dictionary<Side, GroupResults>>();
        var seed = arguments.GetValue(Seed) * 1_000_003;
        for (var pair = 0; pair <= arguments.GetValue(Pairs); pair++, seed++)
        {
            var run = new Dictionary<Side, GroupResults>();

            // There and back: whatever drifts from run to run meets all sides.
            foreach (var side in pair % 2 == 0 ? Enum.GetValues<Side>().Reverse() : Enum.GetValues<Side>())
            {
                // The server whose turn it is not halts: its meters and samplers cost something while it idles, too.
                var (turn, other) = side == Side.Plain ? (without, with) : (with, without);
                other.Suspend();
                turn.Resume();

                // The threads of the run before spin on for a moment.
                await Task.Delay(Rest, cancellationToken);
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                var scraping = side == Side.Scraped ? ScrapeAsync(scraper, pair == 0 ? [] : scrapes, stop.Token) : Task.CompletedTask;
                run.Add(side, await RunLoadAsync(side == Side.Plain ? plain : measured, seed, arguments, cancellationToken));
                await stop.CancelAsync();
                await scraping;
            }

            // The first runs are the servers' first: the runtime compiles their paths.
            if (pair > 0)
            {
                runs.Add(run);
                Console.Error.WriteLine($"pair {pair}: {string.Join(", ", run.OrderBy(each => each.Key).Select(each => $"{each.Key} {ToRate(each.Value).Decode:0.0} {ToRate(each.Value).Whole:0.0} tok/s"))}");
            }
        }

        var table = new ComparisonTable();
        foreach (var (side, other, name) in new[] { (Side.Measured, Side.Plain, "measured, nothing measured"), (Side.Scraped, Side.Plain, "scraped, nothing measured"), (Side.Scraped, Side.Measured, "scraped, not scraped") })
        {
            table.Add(arguments.GetValue(Streams), name, [.. runs.Select(run => new RatePair(ToRate(run[side]), ToRate(run[other])))]);
        }

        with.Resume();
        without.Suspend();
        Console.WriteLine(table);
        Compare("Median pause", runs, gaps => gaps.Median);
        Compare("Pause p99", runs, gaps => gaps.Quantile(0.99));
        Compare("Longest pause", runs, gaps => gaps.Max);
        var scrape = new Distribution(scrapes);
        Console.WriteLine(
            $"{scrapes.Count} scrapes during {arguments.GetValue(Streams)} streams, as the scraper sees them: median {scrape.Median:0.0} ms, p90 {scrape.Quantile(0.9):0.0} ms, longest {scrape.Max:0.0} ms.");
        var (idle, processor) = await ScrapeIdleAsync(scraper, cancellationToken);
        Console.WriteLine($"The same while nothing runs: median {idle:0.0} ms, of which the server's processors work {processor:0.00} ms.");
        return 0;
    }

    // What a stream sees of the engine's steps, while nothing but decoding goes on.
    private static void Compare(string name, List<Dictionary<Side, GroupResults>> runs, Func<Distribution, double> figure)
    {
        double Of(Dictionary<Side, GroupResults> run, Side side) => figure(new Distribution(run[side].Calls.SelectMany(call => call.Gaps)));
        var ratio = new Distribution(runs.Select(run => Of(run, Side.Scraped) / Of(run, Side.Measured)));
        var (low, high) = ratio.MedianInterval();
        Console.WriteLine(
            $"{name} of a stream: scraped {new Distribution(runs.Select(run => Of(run, Side.Scraped))).Median * 1000:0.0} ms, "
            + $"not scraped {new Distribution(runs.Select(run => Of(run, Side.Measured))).Median * 1000:0.0} ms, median ratio {ratio.Median:0.000}, interval {low:0.000} to {high:0.000}.");
    }

    private static async Task ScrapeAsync(HttpClient client, List<double> milliseconds, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(ScrapeInterval, cancellationToken);
                milliseconds.Add((await ScrapeAsync(client, cancellationToken)).Milliseconds);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private static async Task<(double Milliseconds, double Processor)> ScrapeIdleAsync(HttpClient client, CancellationToken cancellationToken)
    {
        await Task.Delay(Rest, cancellationToken);
        var milliseconds = new List<double>();
        var before = ReadProcessorTime((await ScrapeAsync(client, cancellationToken)).Page);
        for (var i = 0; i < IdleScrapes; i++)
        {
            milliseconds.Add((await ScrapeAsync(client, cancellationToken)).Milliseconds);
        }

        var after = ReadProcessorTime((await ScrapeAsync(client, cancellationToken)).Page);
        return (new Distribution(milliseconds).Median, (after - before) * 1000 / (IdleScrapes + 1));
    }

    private static async Task<(double Milliseconds, string Page)> ScrapeAsync(HttpClient client, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var page = await client.GetStringAsync(new Uri("metrics", UriKind.Relative), cancellationToken);
        return (Stopwatch.GetElapsedTime(start).TotalMilliseconds, page);
    }

    private static double ReadProcessorTime(string page)
    {
        const string Name = "process_cpu_seconds_total ";
        var line = page.Split('\n').Single(line => line.StartsWith(Name, StringComparison.Ordinal));
        return double.Parse(line[Name.Length..], CultureInfo.InvariantCulture);
    }

    private static Rate ToRate(GroupResults results)
    {
        var summary = results.Summarize(default);
        return new Rate(summary.DecodeTokensPerSecond, summary.TokensPerSecond);
    }

    private static async Task<GroupResults> RunLoadAsync(LoadClient client, int seed, ParseResult arguments, CancellationToken cancellationToken)
    {
        var load = new GeneratedLoad(client, arguments.GetValue(PromptWords), arguments.GetValue(Tokens), seed) { ReusePrefix = false };
        var streams = arguments.GetValue(Streams);
        return await load.RunClosedAsync(streams, streams, cancellationToken);
    }

    /// <summary>What is run in turn.</summary>
    private enum Side
    {
        /// <summary>Measures everything and is scraped.</summary>
        Scraped,

        /// <summary>Measures everything; nobody scrapes.</summary>
        Measured,

        /// <summary>Measures nothing.</summary>
        Plain,
    }
}
