using System.CommandLine;
using InferenceServer.Bench.Load;

namespace InferenceServer.Bench.Commands;

/// <summary><c>load</c>: the load generator.</summary>
internal static class LoadCommand
{
    private static readonly Option<string> Url = new("--url") { Description = "Base URL of an OpenAI-compatible server.", DefaultValueFactory = _ => "http://127.0.0.1:8080/v1", Recursive = true };
    private static readonly Option<string> Model = new("--model") { Description = "Model name to send.", DefaultValueFactory = _ => "default", Recursive = true };
    private static readonly Option<string?> ApiKey = new("--api-key") { Description = "Bearer key to send.", Recursive = true };
    private static readonly Option<FileInfo?> Json = new("--json") { Description = "Also write every figure to this file.", Recursive = true };
    private static readonly Option<int> Seed = new("--seed") { Description = "Of texts and arrivals. Take another one for a server that must not know the texts.", DefaultValueFactory = _ => 1, Recursive = true };
    private static readonly Option<double> SloTtft = new("--slo-ttft-ms") { Description = "Time to first token of a well served request.", DefaultValueFactory = _ => 2000, Recursive = true };
    private static readonly Option<double> SloGap = new("--slo-gap-ms") { Description = "Longest pause in a well served request.", DefaultValueFactory = _ => 250, Recursive = true };
    private static readonly Option<int> Requests = new("--requests") { Description = "Requests in all.", DefaultValueFactory = _ => 32 };
    private static readonly Option<int> PromptWords = new("--prompt-words") { Description = "Words of each prompt.", DefaultValueFactory = _ => 64 };
    private static readonly Option<int> MaxTokens = new("--max-tokens") { Description = "Tokens of each answer.", DefaultValueFactory = _ => 64 };
    private static readonly Option<int> Streams = new("--streams") { Description = "Requests in flight.", DefaultValueFactory = _ => 4 };
    private static readonly Option<double> Rate = new("--rate") { Description = "Requests a second on average.", DefaultValueFactory = _ => 0.5 };
    private static readonly Argument<string[]> Names = new("scenario") { Description = $"Any of: {string.Join(", ", Scenarios.Names)}. None: all.", Arity = ArgumentArity.ZeroOrMore };

    /// <summary>The command with its three subcommands.</summary>
    public static Command Create()
    {
        var scenario = new Command("scenario", "Play scenarios: fixed workloads, each made to show one thing.") { Names };
        Names.AcceptOnlyFromAmong([.. Scenarios.Names]);
        scenario.SetAction(RunScenariosAsync);
        var closed = new Command("closed", "A number of streams, each sending its next request when the last one has ended.") { Streams, Requests, PromptWords, MaxTokens };
        closed.SetAction((arguments, cancellationToken) => RunGeneratedAsync(
            arguments, load => load.RunClosedAsync(arguments.GetValue(Streams), arguments.GetValue(Requests), cancellationToken)));
        var open = new Command("open", "Requests at a rate of their own (Poisson arrivals), whatever the server does.") { Rate, Requests, PromptWords, MaxTokens };
        open.SetAction((arguments, cancellationToken) => RunGeneratedAsync(
            arguments, load => load.RunOpenAsync(arguments.GetValue(Rate), arguments.GetValue(Requests), cancellationToken)));
        return new Command("load", "Load any OpenAI-compatible server and measure throughput, time to first token, gaps and goodput.")
        {
            scenario, closed, open, Url, Model, ApiKey, Json, Seed, SloTtft, SloGap,
        };
    }

    private static async Task<int> RunScenariosAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = CreateClient(arguments);
        var report = new LoadReport(new ServiceObjective(arguments.GetValue(SloTtft) / 1000, arguments.GetValue(SloGap) / 1000));
        var names = arguments.GetValue(Names) is { Length: > 0 } chosen ? chosen : [.. Scenarios.Names];
        foreach (var name in names)
        {
            var scenario = Scenarios.Create(name, arguments.GetValue(Seed));
            report.Add(scenario.Name, scenario.Description, await new ScenarioRun(client, scenario).RunAsync(cancellationToken));
        }

        return report.End(arguments.GetValue(Json));
    }

    private static async Task<int> RunGeneratedAsync(ParseResult arguments, Func<GeneratedLoad, Task<GroupResults>> run)
    {
        using var client = CreateClient(arguments);
        var report = new LoadReport(new ServiceObjective(arguments.GetValue(SloTtft) / 1000, arguments.GetValue(SloGap) / 1000));
        var load = new GeneratedLoad(client, arguments.GetValue(PromptWords), arguments.GetValue(MaxTokens), arguments.GetValue(Seed));
        var result = await run(load);
        report.Add(
            result.Group,
            $"Distinct prompts of {arguments.GetValue(PromptWords)} words, answers of {arguments.GetValue(MaxTokens)} tokens.",
            [result]);
        return report.End(arguments.GetValue(Json));
    }

    private static LoadClient CreateClient(ParseResult arguments) =>
        new(arguments.GetValue(Url)!, arguments.GetValue(Model)!, arguments.GetValue(ApiKey));
}
