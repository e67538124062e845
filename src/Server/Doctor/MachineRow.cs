using System.Globalization;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Machines;

namespace InferenceServer.Server.Doctor;

/// <summary>A machine with a model in one row of a table.</summary>
internal sealed record MachineRow
{
    private const int ShortContext = 1024;

    /// <summary>What computes.</summary>
    public required string Chip { get; init; }

    /// <summary>The model.</summary>
    public required ServedModelInfo Model { get; init; }

    /// <summary>Bytes of weights, keys and values, and buffers; null if the server does not tell.</summary>
    public required double? ModelBytes { get; init; }

    /// <summary>Bytes of memory that the machine has.</summary>
    public required long MachineBytes { get; init; }

    /// <summary>At 1,024 tokens of context.</summary>
    public required DecodeMeasurement Short { get; init; }

    /// <summary>At as many as a request may use.</summary>
    public required DecodeMeasurement Full { get; init; }

    /// <summary>Bytes a second that memory gives at most; null if unknown.</summary>
    public required double? Bandwidth { get; init; }

    /// <summary>True if <see cref="Bandwidth"/> was measured here, by reading memory on all cores, as the chip is not in the table.</summary>
    public required bool IsBandwidthMeasured { get; init; }

    /// <summary>Share of the roofline that decoding reached at 1,024 tokens of context; null if unknown.</summary>
    public double? Share => Short.BytesPerSecond / Bandwidth;

    /// <summary>Measures.</summary>
    /// <param name="server">Which.</param>
    /// <param name="settings">For the machine as the server uses it.</param>
    /// <param name="duration">Of each measurement.</param>
    /// <param name="longest">Tokens of context at most.</param>
    /// <param name="progress">Told what is done now.</param>
    /// <param name="cancellationToken">To stop.</param>
    public static async Task<MachineRow> MeasureAsync(TestedServer server, Settings settings, TimeSpan duration, int longest, Action<string> progress, CancellationToken cancellationToken)
    {
        var machine = ThisMachine.Read(settings.Inference, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        progress($"decoding at {ShortContext} tokens of context");
        var shortOne = await DecodeMeasurement.TakeAsync(server, ShortContext, duration, cancellationToken);
        var full = Math.Min(longest, DecodeMeasurement.LongestContext(server));
        progress(string.Create(CultureInfo.InvariantCulture, $"computing {full} tokens at about {shortOne.PrefillRate:F0} a second or less, then decoding"));
        var fullOne = await DecodeMeasurement.TakeAsync(server, full, duration, cancellationToken);
        var sample = await server.SampleAsync(cancellationToken);
        var isMeasured = shortOne.NominalBytesPerSecond is null && machine.Family == Inference.Models.Planning.DeviceFamily.Cpu;
        return new MachineRow
        {
            Chip = machine.Name,
            Model = server.Model,
            ModelBytes = sample.Find("inference_memory_usage_bytes", ("component", "weights"))
                + (sample.Find("inference_memory_usage_bytes", ("component", "kv_cache")) ?? 0)
                + (sample.Find("inference_memory_usage_bytes", ("component", "compute")) ?? 0),
            MachineBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            Short = shortOne,
            Full = fullOne,
            Bandwidth = isMeasured ? MemoryBandwidth.Measure() : shortOne.NominalBytesPerSecond,
            IsBandwidthMeasured = isMeasured,
        };
    }

    /// <summary>As Markdown: headings, and the row.</summary>
    public string ToMarkdown() => string.Create(CultureInfo.InvariantCulture, $"""
        | Chip | Model | Quantization | Context | Memory | Decode at {Short.Context:N0} | at {Full.Context:N0} | Watts sustained | Tokens per joule | Of the roofline |
        |---|---|---|---|---|---|---|---|---|---|
        | {Chip} | {Model.Id} | {Model.Quantization} | {Model.Context:N0} | {Memory()} | {Short.Rate:F1} tok/s | {Full.Rate:F1} tok/s | {Watts()} | {Number(Short.TokensPerJoule, "F2")} | {Roofline()} |
        """);

    private string Memory() => $"{(ModelBytes is { } bytes ? MemoryAdvice.Size((long)bytes) : "?")} of {MemoryAdvice.Size(MachineBytes)}";

    private string Watts() => Short.Watts is { } watts ? string.Create(CultureInfo.InvariantCulture, $"{watts:F1} W ({Short.Source})") : "not told";

    private string Roofline() => Share is { } share && Bandwidth is { } bandwidth
        ? string.Create(CultureInfo.InvariantCulture, $"{share * 100:F0} % of {bandwidth / 1e9:F0} GB/s{(IsBandwidthMeasured ? " (measured)" : "")}")
        : "unknown bandwidth";

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "not told";
}
