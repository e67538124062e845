using System.CommandLine;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Tiers;
using InferenceServer.Inference;

namespace InferenceServer.Bench.Commands;

/// <summary>
/// <c>tiers</c>: the first token of a prompt by where its prefix is, restart and crash included; the pauses of a stream while a longer prefix is saved or comes back beside it; and how much later
/// a step begins because something is saved. A part alone takes from half a minute to two minutes on a small machine.
/// </summary>
internal static class TiersCommand
{
    private static readonly Option<string> Model = ModelOption.Create();
    private static readonly Option<int> Seed = new("--seed") { Description = "Of the texts.", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> Words = new("--words") { Description = "Words of the prompt whose first token is timed: 1,500 tokens by default.", DefaultValueFactory = _ => 1470 };
    private static readonly Option<int> LongWords = new("--long-words") { Description = "Words of the prefix that is moved beside a stream: 6,000 tokens by default.", DefaultValueFactory = _ => 5970 };
    private static readonly Option<KvCacheType> KvType = new("--kv-type") { Description = "Type of K and V.", DefaultValueFactory = _ => KvCacheType.F16 };
    private static readonly Option<string> Part = new Option<string>("--part") { Description = "What of it.", DefaultValueFactory = _ => "all" }.AcceptOnlyFromAmong("all", "first", "gaps", "steps");

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("tiers", "Time prompts whose prefix is nowhere, in cells, in memory, on disk, there after a restart or a crash; and streams while prefixes move.")
        {
            Model, Seed, Words, LongWords, KvType, Part,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var (model, kvType, part) = (Path.GetFullPath(arguments.GetValue(Model)!), arguments.GetValue(KvType), arguments.GetValue(Part)!);
        var prompts = new Prompts(arguments.GetValue(Seed));
        var folder = Directory.CreateTempSubdirectory("tiers-");
        try
        {
            var servers = new TierServers(folder.FullName, model, kvType.ToString().ToLowerInvariant());
            if (part is "all" or "first")
            {
                Console.WriteLine(await new FirstTokens(servers, prompts, arguments.GetValue(Words)).RunAsync(cancellationToken));
            }

            if (part is "all" or "gaps")
            {
                Console.WriteLine(await new StreamGaps(servers, prompts, arguments.GetValue(LongWords)).RunAsync(cancellationToken));
            }

            if (part is "all" or "steps")
            {
                await using var steps = await SaveSteps.StartAsync(model, kvType, folder.FullName);
                Console.WriteLine(await steps.RunAsync(numRounds: 3));
            }

            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
