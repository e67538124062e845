using System.CommandLine;
using InferenceServer.Bench.Bare;
using InferenceServer.Bench.Statistics;
using InferenceServer.Inference;

namespace InferenceServer.Bench.Commands;

/// <summary><c>bare</c>: the bare <c>llama_decode</c> loop.</summary>
internal static class BareCommand
{
    private static readonly Option<string> Model = ModelOption.Create();
    private static readonly Option<int[]> Streams = new("--streams") { Description = "Sequences side by side; several numbers for several runs.", DefaultValueFactory = _ => [1, 4, 8, 16], AllowMultipleArgumentsPerToken = true };
    private static readonly Option<int> PromptTokens = new("--prompt-tokens") { Description = "Tokens of each prompt.", DefaultValueFactory = _ => 110 };
    private static readonly Option<int> Tokens = new("--tokens") { Description = "Tokens to generate for each.", DefaultValueFactory = _ => 64 };
    private static readonly Option<int> Runs = new("--runs") { Description = "Runs of each; the table shows medians.", DefaultValueFactory = _ => 5 };
    private static readonly Option<KvCacheType> KvType = new("--kv-type") { Description = "Type of K and V.", DefaultValueFactory = _ => KvCacheType.F16 };
    private static readonly Option<int> Threads = new("--threads") { Description = "CPU threads.", DefaultValueFactory = _ => Environment.ProcessorCount };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("bare", "Run llama_decode in a bare loop: what the library alone gives on this machine.")
        {
            Model, Streams, PromptTokens, Tokens, Runs, KvType, Threads,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        using var loop = BareLoop.Load(new BareSettings
        {
            ModelPath = arguments.GetValue(Model)!,
            KvCacheType = arguments.GetValue(KvType),
            Threads = arguments.GetValue(Threads),
        });
        var table = new MarkdownTable("streams", "prefill tok/s", "decode tok/s", "min", "max", "whole run tok/s");
        foreach (var count in arguments.GetValue(Streams)!)
        {
            var prompts = Enumerable.Repeat(new BarePrompt(arguments.GetValue(PromptTokens), 0), count).ToArray();
            loop.Run(prompts, 2); // warm-up
            var results = Enumerable.Range(0, arguments.GetValue(Runs)).Select(_ => loop.Run(prompts, arguments.GetValue(Tokens))).ToArray();
            var decode = new Distribution(results.Select(result => result.DecodeTokensPerSecond));
            table.Add(
                MarkdownTable.Number(count),
                MarkdownTable.Number(new Distribution(results.Select(result => prompts.Sum(prompt => prompt.NumTokens) / result.PrefillSeconds)).Median, 1),
                MarkdownTable.Number(decode.Median, 1),
                MarkdownTable.Number(decode.Min, 1),
                MarkdownTable.Number(decode.Max, 1),
                MarkdownTable.Number(new Distribution(results.Select(result => result.TokensPerSecond)).Median, 1));
        }

        Console.WriteLine(table);
        return 0;
    }
}
