using System.Globalization;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Machines;

namespace InferenceServer.Server.Doctor;

/// <summary>A machine with a model in one row of a table.</summary>
internal sealed record MachineRow
{
    private const int ShortContext = 1024;

    // Where nothing was measured there is no number.
    private const string NotAvailable = "not available";

    /// <summary>What computes.</summary>
    public required string Chip { get; init; }

    /// <summary>The model.</summary>
    public required ServedModelInfo Model { get; init; }

    /// <summary>Bytes that the server takes from the machine: its own, what is in memory of the model's file, and on a GPU with memory of its own; null if it does not tell.</summary>
    public required double? ServerBytes { get; init; }

    /// <summary>Of them, bytes on a GPU with memory of its own; null if there is none.</summary>
    public required double? GpuBytes { get; init; }

    /// <summary>Bytes of the model's weights, by the server; null if it does not tell.</summary>
    public required double? WeightBytes { get; init; }

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
        progress(string.Create(CultureInfo.InvariantCulture, $"decoding at {ShortContext:N0} tokens of context"));
        var shortOne = await DecodeMeasurement.TakeAsync(server, ShortContext, duration, cancellationToken);
        var full = Math.Min(longest, DecodeMeasurement.LongestContext(server));
        progress(string.Create(CultureInfo.InvariantCulture, $"computing {full:N0} tokens at about {shortOne.PrefillRate:F0} a second or less, then decoding"));
        var fullOne = await DecodeMeasurement.TakeAsync(server, full, duration, cancellationToken);
        var sample = await server.SampleAsync(cancellationToken);
        var gpuBytes = sample.Find("inference_gpu_process_memory_bytes", ("process", "self"));
        var isMeasured = shortOne.NominalBytesPerSecond is null && machine.Family == Inference.Models.Planning.DeviceFamily.Cpu;
        return new MachineRow
        {
            Chip = machine.Name,
            Model = server.Model,
            GpuBytes = gpuBytes,
            ServerBytes = sample.Find("process_memory_usage_bytes")
                + (sample.Find("inference_model_resident_bytes") ?? 0)
                + (gpuBytes ?? 0),
            WeightBytes = sample.Find("inference_memory_usage_bytes", ("component", "weights")),
            MachineBytes = ThisMachine.TotalMemory(),
            Short = shortOne,
            Full = fullOne,
            Bandwidth = isMeasured ? MemoryBandwidth.Measure() : shortOne.NominalBytesPerSecond,
            IsBandwidthMeasured = isMeasured,
        };
    }

    /// <summary>Share of the roofline that a measurement reached; null if unknown.</summary>
    public double? ShareOf(DecodeMeasurement measured) => measured.BytesPerSecond / Bandwidth;

    /// <summary>As Markdown: headings, and the row.</summary>
    public string ToMarkdown() => string.Create(CultureInfo.InvariantCulture, $"""
        | Chip | Model | Quantization | Context | Memory | tok/s at {Short.Context:N0} | tok/s at {Full.Context:N0} | Watts sustained | Tokens per joule | Share of the roofline |
        |---|---|---|---|---|---|---|---|---|---|
        | {Chip} | {Model.Id} | {Model.Quantization} | {Model.Context:N0} | {Memory()} | {Short.Rate:F1} | {Full.Rate:F1} | {Watts()} | {TokensPerJoule()} | {Roofline()} |
        """);

    private string Memory() => $"{(ServerBytes is { } bytes ? MemoryAdvice.Size((long)bytes) : NotAvailable)} of {MemoryAdvice.Size(MachineBytes)}";

    private string Watts() => Short.Watts is { } watts ? string.Create(CultureInfo.InvariantCulture, $"{watts:F1} W ({Short.Source})") : NotAvailable;

    private string TokensPerJoule() => Short.TokensPerJoule?.ToString("F2", CultureInfo.InvariantCulture) ?? NotAvailable;

    private string Roofline() => ShareOf(Short) is { } share && Bandwidth is { } bandwidth
        ? string.Create(CultureInfo.InvariantCulture, $"{share * 100:F0} % of {bandwidth / 1e9:F0} GB/s{(IsBandwidthMeasured ? " (measured)" : "")}")
        : NotAvailable;
}
