using System.CommandLine;
using System.Diagnostics;
using InferenceServer.Bench.Compare;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Commands;

/// <summary><c>telemetry</c>: what measuring costs, by two servers that are alike but for it, measured in interleaved pairs.</summary>
internal static class TelemetryCommand
{
    // More often than any Prometheus scrapes.
    private static readonly TimeSpan ScrapeInterval = TimeSpan.FromSeconds(1);

    private static readonly Option<string> Model = ModelOption.Create();
    private static readonly Option<int> Streams = new("--streams") { Description = "Streams side by side.", DefaultValueFactory = _ => 8 };
    private static readonly Option<int> Pairs = new("--pairs") { Description = "Pairs of runs, with and without in turn.", DefaultValueFactory = _ => 12 };
    private static readonly Option<int> Tokens = new("--tokens") { Description = "Tokens of each answer.", DefaultValueFactory = _ => 64 };
    private static readonly Option<int> PromptWords = new("--prompt-words") { Description = "Words of each prompt.", DefaultValueFactory = _ => 64 };
    private static readonly Option<int> Seed = new("--seed") { Description = "Of the prompts.", DefaultValueFactory = _ => 1 };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("telemetry", "Compare a server that measures everything, and is scraped every second, with one that measures nothing, in interleaved pairs.")
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
        var seed = arguments.GetValue(Seed) * 1_000_003;
        await RunLoadAsync(measured, seed, arguments, cancellationToken);
        await RunLoadAsync(plain, seed++, arguments, cancellationToken);
        var rates = new List<RatePair>();
        var gaps = new List<double>();
        var scrapes = new List<double>();
        for (var pair = 1; pair <= arguments.GetValue(Pairs); pair++, seed++)
        {
            // ABBA: whatever drifts from run to run meets both sides.
            GroupResults? ours = null;
            GroupResults? other = null;
            foreach (var isMeasured in pair % 2 == 0 ? new[] { false, true } : [true, false])
            {
                if (isMeasured)
                {
                    using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                    var scraping = ScrapeAsync(scraper, scrapes, stop.Token);
                    ours = await RunLoadAsync(measured, seed, arguments, cancellationToken);
                    await stop.CancelAsync();
                    await scraping;
                }
                else
                {
                    other = await RunLoadAsync(plain, seed, arguments, cancellationToken);
                }
            }

            rates.Add(new RatePair(ToRate(ours!), ToRate(other!)));
            gaps.Add(LongestGap(ours!) / LongestGap(other!));
            Console.Error.WriteLine($"pair {pair}: with {rates[^1].Served.Whole:0.0} tok/s, without {rates[^1].Other.Whole:0.0}");
        }

        var table = new ComparisonTable();
        table.Add(arguments.GetValue(Streams), "nothing measured", rates);
        Console.WriteLine(table);
        var gap = new Distribution(gaps);
        var scrape = new Distribution(scrapes);
        var (low, high) = gap.MedianInterval();
        Console.WriteLine($"Longest pause of a stream, with against without: median ratio {gap.Median:0.000}, interval {low:0.000} to {high:0.000}.");
        Console.WriteLine($"{scrapes.Count} scrapes during {arguments.GetValue(Streams)} streams, as the scraper sees them: median {scrape.Median:0.0} ms.");
        Console.WriteLine($"The same while nothing runs: median {await ScrapeIdleAsync(scraper, cancellationToken):0.0} ms.");
        return 0;
    }

    private static async Task ScrapeAsync(HttpClient client, List<double> milliseconds, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(ScrapeInterval, cancellationToken);
                var start = Stopwatch.GetTimestamp();
                await client.GetByteArrayAsync(new Uri("metrics", UriKind.Relative), cancellationToken);
                milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private static async Task<double> ScrapeIdleAsync(HttpClient client, CancellationToken cancellationToken)
    {
        var milliseconds = new List<double>();
        for (var i = 0; i < 50; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await client.GetByteArrayAsync(new Uri("metrics", UriKind.Relative), cancellationToken);
            milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return new Distribution(milliseconds).Median;
    }

    private static Rate ToRate(GroupResults results)
    {
        var summary = results.Summarize(default);
        return new Rate(summary.DecodeTokensPerSecond, summary.TokensPerSecond);
    }

    private static double LongestGap(GroupResults results) => results.Calls.Max(call => call.Gaps.DefaultIfEmpty(0).Max());

    private static async Task<GroupResults> RunLoadAsync(LoadClient client, int seed, ParseResult arguments, CancellationToken cancellationToken)
    {
        var load = new GeneratedLoad(client, arguments.GetValue(PromptWords), arguments.GetValue(Tokens), seed) { ReusePrefix = false };
        var streams = arguments.GetValue(Streams);
        return await load.RunClosedAsync(streams, streams, cancellationToken);
    }
}
