using System.CommandLine;
using InferenceServer.Bench.Compare;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Residency;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Commands;

/// <summary>
/// <c>residency</c>: the first token after an idle time in which the model was pushed out of memory, against the first token while all is warm, and after an idle time alone: as the
/// server is, with <c>Inference:Residency:KeepWarmSeconds</c>, and with <c>--mlock</c>. The prompt is cached, as a conversation's is, so that the first token is a single step. Linux, as root.
/// </summary>
internal static class ResidencyCommand
{
    private const int KeepWarmSeconds = 1;
    private const int NumWarmUps = 5;
    private const int PromptWords = 64;

    // Long enough for a keep-warm step or two after the push, and for the machine to settle.
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds((2 * KeepWarmSeconds) + 0.5);

    private static readonly Option<string> Model = ModelOption.Create();
    private static readonly Option<int> Rounds = new("--rounds") { Description = "Pushes for each server.", DefaultValueFactory = _ => 5 };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("residency", "Push the idle model out of memory and measure the next first token, with and without what keeps it there. Linux, as root.")
        {
            Model, Rounds,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var model = Path.GetFullPath(arguments.GetValue(Model)!);
        var table = new MarkdownTable("", "warm TTFT ms", "after idling", "after idling and a push", "ratio to warm", "longest", "in memory after the push", "when asked");
        (string Name, string[] Options, (string, string)[] Variables)[] servers =
        [
            ("as it is", [], []),
            ($"KeepWarmSeconds {KeepWarmSeconds}", [], [("Inference__Residency__KeepWarmSeconds", $"{KeepWarmSeconds}")]),
            ("--mlock", ["--mlock"], []),
        ];
        foreach (var (name, options, variables) in servers)
        {
            await using var server = await ServerProcess.StartAsync(["--model", model, .. options], cancellationToken, [("Engine__Isolation", "none"), .. variables]); // the weights are pushed out of the mapping of a process that is known
            using var client = new LoadClient(server.BaseUrl, "default", apiKey: null);
            table.Add([name, .. await MeasureAsync(server, client, model, arguments, cancellationToken)]);
        }

        Console.Write(table);
        return 0;
    }

    private static async Task<string[]> MeasureAsync(ServerProcess server, LoadClient client, string model, ParseResult arguments, CancellationToken cancellationToken)
    {
        var call = new ChatCall { Messages = [new ChatTurn("user", new Prompts(seed: 1).Next(PromptWords))], MaxTokens = 4 };
        async Task<double> CallAsync()
        {
            return 1000 * (await client.SendAsync(call, onContent: null, cancellationToken)).TimeToFirstToken;
        }

        for (var i = 0; i < NumWarmUps; i++)
        {
            await CallAsync();
        }

        List<double> warm = [], idle = [], cold = [], pushed = [], asked = [];
        for (var round = 0; round < arguments.GetValue(Rounds); round++)
        {
            for (var i = 0; i < NumWarmUps; i++)
            {
                warm.Add(await CallAsync());
            }

            await Task.Delay(Idle, cancellationToken);
            idle.Add(await CallAsync());
            PageCache.Evict(server.ProcessId, model);
            pushed.Add(PageCache.GetResidentShare(model));
            await Task.Delay(Idle, cancellationToken);
            asked.Add(PageCache.GetResidentShare(model));
            cold.Add(await CallAsync());
        }

        var (before, after) = (new Distribution(warm), new Distribution(cold));
        return
        [
            MarkdownTable.Number(before.Median), MarkdownTable.Number(new Distribution(idle).Median), MarkdownTable.Number(after.Median), MarkdownTable.Number(after.Median / before.Median, 2), MarkdownTable.Number(after.Max),
            MarkdownTable.Percent(new Distribution(pushed).Median), MarkdownTable.Percent(new Distribution(asked).Median),
        ];
    }
}
