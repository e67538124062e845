using System.CommandLine;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using InferenceServer.Bench.Micro;

namespace InferenceServer.Bench.Commands;

/// <summary><c>micro</c>: the parts that cost processor time per token, one by one.</summary>
internal static class MicroCommand
{
    private static readonly Option<string> Model = ModelOption.Create();
    private static readonly Option<bool> Check = new("--check") { Description = "Only hold allocations to allocation-budget.json; exit code 1 if one is over it." };
    private static readonly Option<string[]> Filter = new("--filter") { Description = "Names of benchmarks, with wildcards.", DefaultValueFactory = _ => ["*"], AllowMultipleArgumentsPerToken = true };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("micro", "Micro-benchmarks: engine thread per token, sampler, text, prefix match, chunk writing.") { Model, Check, Filter };
        command.SetAction(arguments => arguments.GetValue(Check) ? RunCheck(arguments.GetValue(Model)!) : RunBenchmarks(arguments));
        return command;
    }

    private static int RunCheck(string modelPath)
    {
        var offences = AllocationCheck.Run(modelPath);
        foreach (var offence in offences)
        {
            Console.Error.WriteLine($"Over the budget, not measured or not budgeted: {offence}");
        }

        return offences.Count == 0 ? 0 : 1;
    }

    private static int RunBenchmarks(ParseResult arguments)
    {
        EngineBenchmarks.ModelPath = arguments.GetValue(Model)!;

        // In this process: a generated project would have to restore and build on its own.
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(ConsoleLogger.Default)
            .AddExporter(MarkdownExporter.GitHub)
            .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "BenchmarkDotNet.Artifacts"));
        BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly).Run(["--filter", .. arguments.GetValue(Filter)!], config);
        return 0;
    }
}
