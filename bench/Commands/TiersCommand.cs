using System.CommandLine;
using InferenceServer.Bench.Compare;
using InferenceServer.Bench.Load;

namespace InferenceServer.Bench.Commands;

/// <summary>
/// <c>tiers</c>: the first token of a long prompt by where its prefix is: nowhere, in the cells, in memory, on disk, on disk after the server was killed and started anew; alone and beside a
/// running stream, whose longest pause is shown. Three servers in turn over one folder.
/// </summary>
internal static class TiersCommand
{
    private const int Cells = 8192;

    private static readonly Option<string> Model = ModelOption.Create();
    private static readonly Option<int> Seed = new("--seed") { Description = "Of the texts.", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> Words = new("--words") { Description = "Words of the prompt.", DefaultValueFactory = _ => 1500 };
    private static readonly Option<string> KvType = new("--kv-type") { Description = "Type of K and V.", DefaultValueFactory = _ => "q8_0" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("tiers", "Ask for a long prompt when its prefix is nowhere, in cells, in memory, on disk, and on disk after a restart.") { Model, Seed, Words, KvType };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("tiers-");
        try
        {
            var prompts = new Prompts(arguments.GetValue(Seed));
            var text = prompts.Next(arguments.GetValue(Words));
            var report = new LoadReport(new ServiceObjective(MaxTtft: 2, MaxGap: 0.25));
            async Task PlayAsync(string memory, string description, params IReadOnlyList<ScenarioClient>[] stages)
            {
                string[] options = ["--model", Path.GetFullPath(arguments.GetValue(Model)!), "--context", $"{Cells}", "--kv-type", arguments.GetValue(KvType)!];
                await using var server = await ServerProcess.StartAsync(
                    options, cancellationToken, ("Cache__DiskPath", folder.FullName), ("Cache__DiskLimit", "4096"), ("Cache__MemoryLimit", memory));
                using var client = new LoadClient(server.BaseUrl, "default", apiKey: null);
                report.Add(description, description, await new ScenarioRun(client, new Scenario(description, description, stages)).RunAsync(cancellationToken));
            }

            await PlayAsync("2048", "A server that knows nothing",
                [Ask("cold", text)],
                [Ask("cells", text)],
                [Other(prompts)],
                [Ask("memory", text)],
                [Other(prompts)],
                [Stream(prompts), Ask("memory, beside a stream", text, ScenarioStart.OnceStreaming("stream", 16))]);
            await PlayAsync("0", "After a kill, with no memory for prefixes",
                [Ask("restart, disk", text)],
                [Other(prompts)],
                [Ask("disk", text)],
                [Other(prompts)],
                [Stream(prompts), Ask("disk, beside a stream", text, ScenarioStart.OnceStreaming("stream", 16))]);
            return report.End(json: null);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static ScenarioClient Ask(string group, string text, ScenarioStart start = default) => new() { Group = group, Turns = [text], MaxTokens = 8, Start = start };

    // Takes the cells.
    private static ScenarioClient Other(Prompts prompts) => new() { Group = "others", Turns = [prompts.Next(Cells * 3 / 4)], MaxTokens = 1 };

    private static ScenarioClient Stream(Prompts prompts) => new() { Group = "stream", Turns = [prompts.Next(64)], MaxTokens = 192 };
}
