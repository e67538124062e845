using System.Diagnostics.Metrics;

namespace InferenceServer.Server.Measuring;

/// <summary>
/// Bounds of histograms. OpenTelemetry's end where a 70B on a Mac begins (10 s until the first token, 82 s for a request), so they go on as vLLM's do, up
/// to 2,560 s.
/// </summary>
internal static class Buckets
{
    /// <summary>Whole requests, in seconds.</summary>
    public static readonly InstrumentAdvice<double> Request = Of(0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 160, 320, 640, 1280, 2560);

    /// <summary>Until the first token, in seconds.</summary>
    public static readonly InstrumentAdvice<double> FirstToken = Of(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560);

    /// <summary>From token to token, in seconds.</summary>
    public static readonly InstrumentAdvice<double> NextToken = Of(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560);

    /// <summary>Tokens of a request, as OpenTelemetry has them.</summary>
    public static readonly InstrumentAdvice<long> Tokens = new() { HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864] };

    /// <summary>vLLM's for whole requests and their parts, in seconds.</summary>
    public static readonly InstrumentAdvice<double> VllmRequest = Of(0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680);

    /// <summary>vLLM's from token to token, in seconds.</summary>
    public static readonly InstrumentAdvice<double> VllmNextToken = Of(0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80);

    /// <summary>vLLM's for tokens of a request: 1, 2, 5 and their multiples, as far as the context goes.</summary>
    /// <param name="contextLength">Tokens that one request may use.</param>
    public static InstrumentAdvice<long> VllmTokens(int contextLength)
    {
        var bounds = new List<long>();
        for (var decade = 1L; decade <= contextLength; decade *= 10)
        {
            bounds.AddRange(new[] { decade, 2 * decade, 5 * decade }.Where(bound => bound <= contextLength));
        }

        return new InstrumentAdvice<long> { HistogramBucketBoundaries = bounds };
    }

    private static InstrumentAdvice<double> Of(params double[] bounds) => new() { HistogramBucketBoundaries = bounds };
}
