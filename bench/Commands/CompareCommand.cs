using System.CommandLine;
using InferenceServer.Bench.Bare;
using InferenceServer.Bench.Compare;
using InferenceServer.Bench.Load;

namespace InferenceServer.Bench.Commands;

/// <summary><c>compare</c>: the served rate against the bare loop, and against another server if there is one.</summary>
internal static class CompareCommand
{
    private static readonly Option<string> Model = ModelOption.Create();
    private static readonly Option<int[]> Streams = new("--streams") { Description = "Streams side by side; several numbers for several comparisons.", DefaultValueFactory = _ => [1, 4, 8], AllowMultipleArgumentsPerToken = true };
    private static readonly Option<int> Pairs = new("--pairs") { Description = "Pairs of runs, served and bare in turn.", DefaultValueFactory = _ => 10 };
    private static readonly Option<int> Tokens = new("--tokens") { Description = "Tokens of each answer.", DefaultValueFactory = _ => 64 };
    private static readonly Option<int> PromptWords = new("--prompt-words") { Description = "Words of each prompt.", DefaultValueFactory = _ => 64 };
    private static readonly Option<string?> Peer = new("--peer") { Description = "Base URL of another server with the same model, to be measured in turn too." };
    private static readonly Option<int> Seed = new("--seed") { Description = "Of the prompts.", DefaultValueFactory = _ => 1 };

    private static readonly Option<bool> Engine = new("--engine") { Description = "Also run our engine without HTTP, in this process, in turn." };
    private static readonly Option<bool> Reuse = new("--reuse") { Description = "Let prompts be cached. Default: every run computes its whole prompts, and no idle cells pile up." };
    private static readonly Option<string[]> ServerArguments = new("--server-argument") { Description = "Argument for our server's command line; may be given several times.", DefaultValueFactory = _ => [] };

    // Threads of the run before may spin on after its last step, llama-server's for most of a second: a run begins when they are quiet.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("compare", "Start our server and compare its rate with the bare loop over the same batches, in interleaved pairs.")
        {
            Model, Streams, Pairs, Tokens, PromptWords, Peer, Engine, Seed, Reuse, ServerArguments,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var model = arguments.GetValue(Model)!;
        await using var server = await ServerProcess.StartAsync(["--model", model, .. arguments.GetValue(ServerArguments)!], cancellationToken);
        using var served = new LoadClient(server.BaseUrl, "default", apiKey: null);
        using var peer = arguments.GetValue(Peer) is { } url ? new LoadClient(url, "default", apiKey: null) : null;
        await using var engine = arguments.GetValue(Engine) ? await EngineAlone.StartAsync(model) : null;
        using var bare = BareLoop.Load(new BareSettings { ModelPath = model });
        var table = new ComparisonTable();
        var seed = arguments.GetValue(Seed) * 1_000_003;
        foreach (var numStreams in arguments.GetValue(Streams)!)
        {
            await RunLoadAsync(served, numStreams, seed++, arguments, cancellationToken); // warm-up
            var pairs = new Dictionary<string, List<RatePair>>();
            for (var pair = 1; pair <= arguments.GetValue(Pairs); pair++)
            {
                var calls = await RunLoadAsync(served, numStreams, seed, arguments, cancellationToken);
                var ours = ToRate(calls);
                var prompts = calls.Calls.Select(call => new BarePrompt(call.PromptTokens, call.CachedTokens)).ToArray();
                var loop = bare.Run(prompts, arguments.GetValue(Tokens));
                Note("bare llama_decode", new Rate(loop.DecodeTokensPerSecond, loop.TokensPerSecond));
                if (engine is not null)
                {
                    Note("our engine alone", ToRate(await engine.RunAsync(prompts, arguments.GetValue(Tokens))));
                }

                if (peer is not null)
                {
                    Note("peer", ToRate(await RunLoadAsync(peer, numStreams, seed, arguments, cancellationToken)));
                }

                seed++;

                void Note(string other, Rate rate)
                {
                    pairs.TryAdd(other, []);
                    pairs[other].Add(new RatePair(ours, rate));
                    Console.Error.WriteLine(
                        $"{numStreams} streams, pair {pair}: decode {ours.Decode:0.0} tok/s, {other} {rate.Decode:0.0}; whole {ours.Whole:0.0}, {rate.Whole:0.0}");
                }
            }

            foreach (var (other, rates) in pairs)
            {
                table.Add(numStreams, other, rates);
            }
        }

        Console.WriteLine(table);
        return 0;
    }

    private static Rate ToRate(GroupResults results)
    {
        var summary = results.Summarize(default);
        return new Rate(summary.DecodeTokensPerSecond, summary.TokensPerSecond);
    }

    private static async Task<GroupResults> RunLoadAsync(LoadClient client, int numStreams, int seed, ParseResult arguments, CancellationToken cancellationToken)
    {
        await Task.Delay(Settling, cancellationToken);
        var load = new GeneratedLoad(client, arguments.GetValue(PromptWords), arguments.GetValue(Tokens), seed) { ReusePrefix = arguments.GetValue(Reuse) };
        var results = await load.RunClosedAsync(numStreams, numStreams, cancellationToken);
        return results.Calls.FirstOrDefault(call => call.Outcome != CallOutcome.Completed) is { } failed
            ? throw new InvalidOperationException($"A call ended with {failed.Outcome}, HTTP status {failed.HttpStatus}: {failed.Error}")
            : results;
    }
}
