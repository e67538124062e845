using System.Diagnostics;

namespace InferenceServer.Server.Doctor;

/// <summary>How fast one stream is generated at a length of context, and what it takes.</summary>
internal sealed record DecodeMeasurement
{
    // Short enough that the context stays what it is said to be, long enough that the first token does not count.
    private const int AnswerTokens = 64;

    private static readonly string[] Sources = ["system", "gpu", "cpu"];

    /// <summary>Tokens before the answer.</summary>
    public required int Context { get; init; }

    /// <summary>Prompt tokens a second, when the prompt was computed.</summary>
    public required double PrefillRate { get; init; }

    /// <summary>Tokens a second.</summary>
    public required double Rate { get; init; }

    /// <summary>Bytes that decoding read, a second, by what the model has to read; null if the server does not know.</summary>
    public required double? BytesPerSecond { get; init; }

    /// <summary>The machine's nominal bandwidth, by the server; null if it does not know.</summary>
    public required double? NominalBytesPerSecond { get; init; }

    /// <summary>What the watts cover: the whole machine if it tells, else the GPU or the processor; null if nothing is told.</summary>
    public required string? Source { get; init; }

    /// <summary>Watts while it was generated; null if unknown.</summary>
    public required double? Watts { get; init; }

    /// <summary>Tokens for a joule; null if unknown.</summary>
    public required double? TokensPerJoule { get; init; }

    /// <summary>Share of the time in which the GPU worked for the server; null if unknown.</summary>
    public required double? GpuShare { get; init; }

    /// <summary>Measures.</summary>
    /// <param name="server">Which.</param>
    /// <param name="context">Tokens before the answer; cut to what fits.</param>
    /// <param name="duration">For at least so long, once the prompt is computed.</param>
    /// <param name="cancellationToken">To stop.</param>
    public static async Task<DecodeMeasurement> TakeAsync(TestedServer server, int context, TimeSpan duration, CancellationToken cancellationToken)
    {
        context = Math.Min(context, LongestContext(server));
        var first = await server.CompleteAsync(context, 1, isCached: true, cancellationToken);
        var before = await server.SampleAsync(cancellationToken);
        var (start, numTokens, seconds) = (Stopwatch.GetTimestamp(), 0, 0.0);
        do
        {
            var times = await server.CompleteAsync(context, AnswerTokens, isCached: true, cancellationToken);
            (numTokens, seconds) = (numTokens + times.NumTokens - 1, seconds + times.DecodeSeconds);
        }
        while (Stopwatch.GetElapsedTime(start) < duration);

        var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var after = await server.SampleAsync(cancellationToken);
        var source = Sources.FirstOrDefault(each => Joules(each, null) > 0);
        return new DecodeMeasurement
        {
            Context = context,
            PrefillRate = first.NumPromptTokens / first.PromptSeconds,
            Rate = numTokens / seconds,
            BytesPerSecond = after.Since(before, "inference_decode_read_bytes_total") / after.Since(before, "inference_decode_time_seconds_total"),
            NominalBytesPerSecond = after.Find("inference_bandwidth_nominal_bytes_per_second"),
            Source = source,
            Watts = source is null ? null : Joules(source, null) / elapsed,
            TokensPerJoule = source is not null && Joules(source, "decode") is > 0 and var joules ? numTokens / joules : null,
            GpuShare = after.Since(before, "inference_gpu_process_time_seconds_total", ("process", "self")) / elapsed,
        };

        double? Joules(string of, string? phase) => phase is null
            ? after.Since(before, "inference_energy_joules_total", ("source", of))
            : after.Since(before, "inference_energy_joules_total", ("source", of), ("phase", phase));
    }

    /// <summary>Tokens that may stand before the answer.</summary>
    public static int LongestContext(TestedServer server) => server.Model.Context - AnswerTokens - 1;
}
