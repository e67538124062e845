using System.Globalization;
using InferenceServer.Server.Machines;
using Spectre.Console;

namespace InferenceServer.Server.Commands;

/// <summary>Shows a plan to people.</summary>
internal static class PlanTable
{
    // The contexts for which speed is told: a short question, and what was asked for.
    private const int ShortContext = 1024;
    private const int PrefillTokens = 4096;

    /// <summary>Writes it.</summary>
    public static void Write(PlanReport report, TextWriter output)
    {
        var metadata = report.File.Metadata;
        output.WriteLine(Invariant(
            $"{metadata.Name}: {metadata.Architecture}, {metadata.ParameterCount / 1e9:F1} billion weights, {metadata.Quantization ?? "unknown quantization"}, trained for {metadata.ContextLength:N0} tokens"));
        output.WriteLine($"on {report.Machine.Name}, {Bandwidth(report.Machine)}");
        output.WriteLine();
        PlainConsole.Write(output, Variants(report));
        output.WriteLine();
        PlainConsole.Write(output, Limits(report));
        output.WriteLine();
        foreach (var line in Remarks(report))
        {
            output.WriteLine(line);
        }
    }

    private static Table Variants(PlanReport report)
    {
        var table = PlainConsole.NewTable("KV cache");
        foreach (var variant in report.Variants)
        {
            table.AddColumn(new TableColumn(MemoryAdvice.Name(variant.Plan.Settings.KvCacheType) + (variant == report.Chosen ? " *" : "")).RightAligned());
        }

        var (context, parallel) = (report.Chosen.Plan.Settings.Context, report.Chosen.Plan.Settings.Parallel);
        AddRow("weights", variant => MemoryAdvice.Size(variant.Plan.WeightBytes));
        AddRow("keys and values, per token", variant => Invariant($"{variant.Plan.KvBytesPerToken / 1024.0:F1} KiB"));
        AddRow(Invariant($"keys and values, {context:N0} tokens"), variant => MemoryAdvice.Size(variant.Plan.KvBytes));
        if (report.Chosen.Plan.StateBytes > 0)
        {
            AddRow(Invariant($"states of {parallel} sequences"), variant => MemoryAdvice.Size(variant.Plan.StateBytes));
        }

        AddRow("compute and output buffers", variant => MemoryAdvice.Size(variant.Plan.ComputeBytes + variant.Plan.OutputBytes));
        if (report.Variants.Any(variant => variant.Plan.SlicedBytes > 0))
        {
            AddRow(Invariant($"prompts in slices, {report.Variants.Max(variant => variant.Plan.SlicedTokens):N0} tokens"), variant => variant.Plan.SlicedBytes > 0 ? MemoryAdvice.Size(variant.Plan.SlicedBytes) : "none");
        }

        AddRow("llama.cpp allocates", variant => MemoryAdvice.Size(variant.Plan.TotalBytes));
        AddRow("fits", variant => variant.Plan.FindExceeded(report.Machine.Limits.Where(limit => limit.IsFirm)).Count == 0 ? "yes" : "no");
        AddRow("largest context that fits", variant => variant.LargestContext > 0 ? Invariant($"{variant.LargestContext:N0}") : "none");
        AddRow(Invariant($"conversations of {report.Tokens:N0} tokens in it"), variant => Invariant($"{variant.LargestContext / report.Tokens:N0}"));
        if (report.Machine.BytesPerSecond is { } bandwidth)
        {
            // Many streams of a small model are bound by arithmetic, as prefill is.
            var arithmetic = report.Machine.Chip is { Teraflops: { } peak } chip ? peak * 1e12 * chip.PrefillShare.High / report.Chosen.Roofline.GetPrefillOperations(1) : double.MaxValue;
            string Rate(PlanVariant variant, int tokens, int streams) =>
                Invariant($"{Math.Min(arithmetic, variant.Roofline.GetDecodeRate(bandwidth, tokens, streams)):N1} tok/s");

            var full = Math.Min(context, report.File.Metadata.ContextLength);
            var few = Math.Min(ShortContext, full);
            AddRow(Invariant($"decode, one stream at {few:N0} tokens"), variant => Rate(variant, few, 1));
            if (full > few)
            {
                AddRow(Invariant($"decode, one stream at {full:N0} tokens"), variant => Rate(variant, full, 1));
            }

            if (parallel > 1)
            {
                AddRow(Invariant($"decode, {parallel} streams at {few:N0}, together"), variant => Rate(variant, few, parallel));
            }
        }

        return table;

        void AddRow(string name, Func<PlanVariant, string> value) => table.AddTexts([name, .. report.Variants.Select(value)]);
    }

    private static Table Limits(PlanReport report)
    {
        var table = PlainConsole.NewTable("memory");
        table.AddColumn(new TableColumn("there is").RightAligned()).AddColumn(new TableColumn("needed").RightAligned()).AddColumn("");
        foreach (var limit in report.Machine.Limits)
        {
            var needed = report.Chosen.Plan.NeededOf(limit);
            table.AddTexts(limit.Name, MemoryAdvice.Size(limit.Bytes), MemoryAdvice.Size(needed), needed <= limit.Bytes ? "fits" : limit.IsFirm ? "does not fit" : "other programs would have to give some back");
        }

        return table;
    }

    private static IEnumerable<string> Remarks(PlanReport report)
    {
        if (report.Machine.BytesPerSecond is not null)
        {
            yield return report.Machine.Chip is { } chip
                ? Invariant($"Decode rates are what memory bandwidth allows at most; {(report.Chosen.Plan.WeightBytes > Chip.LargeModel ? "" : "small models reach less, ")}models beyond {Chip.LargeModel / 1e9:F0} GB were seen to reach {chip.DecodeShare.Low * 100:F0} to {chip.DecodeShare.High * 100:F0} % of it.")
                : "Decode rates are what the measured bandwidth allows. Few cores cannot unpack the weights of large models that fast; caches may lift small ones above.";
        }

        if (report.Machine.Chip is { Teraflops: { } teraflops } prefill)
        {
            var tokens = Math.Min(PrefillTokens, report.File.Metadata.ContextLength);
            var peak = tokens * teraflops * 1e12 / report.Chosen.Roofline.GetPrefillOperations(tokens);
            yield return Invariant($"Prefill of {tokens:N0} tokens: about {peak * prefill.PrefillShare.Low:N0} to {peak * prefill.PrefillShare.High:N0} tok/s.");
        }
        else
        {
            yield return "There is no estimate of prefill: nothing is known of this chip's arithmetic.";
        }

        if (!report.Chosen.Plan.IsFollowed)
        {
            yield return "This architecture keeps a kind of memory that is only estimated here: expect some per cent more.";
        }

        var limits = report.Machine.Limits.Where(limit => limit.IsFirm).ToList();
        foreach (var line in report.Fits ? [Suggestion(report)] : MemoryAdvice.Describe(report.File, report.Chosen.Plan, limits))
        {
            yield return line;
        }
    }

    private static string Suggestion(PlanReport report)
    {
        var settings = report.Chosen.Plan.Settings;
        var largest = Math.Min(report.Chosen.LargestContext, (long)settings.Parallel * report.File.Metadata.ContextLength);
        var more = largest / 1024 * 1024;
        var command = Invariant($"--context {settings.Context} --parallel {settings.Parallel} --kv-type {MemoryAdvice.Name(settings.KvCacheType)}");
        return more > settings.Context
            ? Invariant($"It fits with {command}; up to --context {more} is of use.")
            : $"It fits with {command}.";
    }

    private static string Bandwidth(Machine machine) => machine.BytesPerSecond is not { } bandwidth ? "of unknown memory bandwidth"
        : Invariant($"{bandwidth / 1e9:F0} GB/s of memory bandwidth{(machine.IsMeasured ? " (measured)" : "")}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
