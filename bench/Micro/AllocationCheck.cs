using System.Text.Json;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Micro;

/// <summary>Holds the operations that must not allocate, or little, to a budget in a file. Seconds, not minutes: fit for a build.</summary>
internal static class AllocationCheck
{
    private const int WarmUps = 200;
    private const int Repetitions = 1_000;

    /// <summary>The budget beside the program: bytes by name of operation.</summary>
    public static IReadOnlyDictionary<string, double> ReadBudget() =>
        JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "allocation-budget.json")))!;

    /// <summary>Measures every operation of the budget, prints a table, and returns the names that are over it, not measured or not budgeted.</summary>
    /// <param name="modelPath">GGUF file whose vocabulary the engine uses.</param>
    public static IReadOnlyList<string> Run(string modelPath)
    {
        var budget = ReadBudget();
        var measured = Measure(modelPath);
        var table = new MarkdownTable("operation", "measured", "budget");
        var offences = budget.Keys.Except(measured.Keys).ToList();
        foreach (var (name, bytes) in measured)
        {
            var hasBudget = budget.TryGetValue(name, out var allowed);
            table.Add(name, MarkdownTable.Number(bytes, 1), hasBudget ? MarkdownTable.Number(allowed, 1) : "-");
            if (!hasBudget || bytes > allowed)
            {
                offences.Add(name);
            }
        }

        Console.WriteLine(table);
        return offences;
    }

    private static Dictionary<string, double> Measure(string modelPath)
    {
        var sampler = new SamplerBenchmarks();
        sampler.Setup();
        var text = new TextBenchmarks();
        var prefix = new PrefixMatchBenchmarks { Length = 8_000 };
        prefix.Setup();
        using var chunks = new ChunkWriterBenchmarks();
        using var telemetry = new TelemetryBenchmarks();
        EngineBenchmarks.ModelPath = modelPath;
        using var engine = new EngineBenchmarks { Streams = 8 };
        engine.Setup();
        return new Dictionary<string, double>
        {
            ["engine: a decode step that ends no block, bytes"] = MeasureStep(engine),
            ["engine: a token, blocks and a request's begin and end included, bytes"] =
                PerOperation(engine.Generate, warmUps: 2, repetitions: 4) / (engine.Streams * EngineBenchmarks.TokensPerStream),
            ["sampler: greedy, bytes"] = PerOperation(() => sampler.Greedy()),
            ["sampler: greedy with penalties, bytes"] = PerOperation(() => sampler.GreedyWithPenalties()),
            ["sampler: top-p, bytes"] = PerOperation(() => sampler.TopP()),
            ["sampler: top-k and top-p, bytes"] = PerOperation(() => sampler.TopKTopP()),
            ["sampler: temperature only, bytes"] = PerOperation(() => sampler.TemperatureOnly()),
            ["stop texts: a token, bytes"] = PerOperation(() => text.StopMatcherFeed()),
            ["chunk writer: a token, bytes"] = PerOperation(() => chunks.WriteContent()),
            ["telemetry: a step recorded, bytes"] = PerOperation(telemetry.RecordStep),
            ["prefix tree: a match of 8,000 tokens, bytes"] = PerOperation(() => prefix.Match()),
        };
    }

    private static double PerOperation(Action operation, int warmUps = WarmUps, int repetitions = Repetitions)
    {
        for (var i = 0; i < warmUps; i++)
        {
            operation();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < repetitions; i++)
        {
            operation();
        }

        return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / repetitions;
    }

    // Steps of one generation between two borders of blocks (positions 768 and 1,024): streams begin together, so they meet the borders together.
    private static double MeasureStep(EngineBenchmarks engine)
    {
        engine.Generate();
        engine.Begin();
        for (var i = 0; i < 720; i++)
        {
            engine.Step();
        }

        var bytes = PerOperation(() => engine.Step(), warmUps: 0, repetitions: 150);
        engine.End();
        return bytes;
    }
}
