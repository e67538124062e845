using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Bench.Simulation;

/// <summary>One request in virtual time, and what its client saw. Times are milliseconds since the start.</summary>
internal sealed class SimulatedRequest(TrafficKind kind, double arrivesAt, int[] prompt, int maxOutput)
{
    private readonly List<double> _gaps = [];

    /// <summary>Who asks.</summary>
    public TrafficKind Kind => kind;

    /// <summary>When it is sent.</summary>
    public double ArrivesAt => arrivesAt;

    /// <summary>Its tokens.</summary>
    public int[] Prompt => prompt;

    /// <summary>Tokens of the answer.</summary>
    public int MaxOutput => maxOutput;

    /// <summary>Its sequence; null until it has arrived.</summary>
    public Sequence? Sequence { get; set; }

    /// <summary>Prompt tokens that came from the cache.</summary>
    public int NumCachedTokens => Sequence!.NumCachedTokens;

    /// <summary>Tokens of the answer so far.</summary>
    public int NumOutputTokens => Sequence!.NumOutputTokens;

    /// <summary>When it got its cells; NaN before.</summary>
    public double AdmittedAt { get; set; } = double.NaN;

    /// <summary>When the first token came; NaN before.</summary>
    public double FirstTokenAt { get; private set; } = double.NaN;

    /// <summary>When the last token came; NaN before the first.</summary>
    public double LastTokenAt { get; private set; } = double.NaN;

    /// <summary>Pauses between tokens.</summary>
    public IReadOnlyList<double> Gaps => _gaps;

    /// <summary>How often its cells were taken.</summary>
    public int NumPreemptions { get; set; }

    /// <summary>Takes note of a token.</summary>
    public void CountToken(double now)
    {
        if (double.IsNaN(FirstTokenAt))
        {
            FirstTokenAt = now;
        }
        else
        {
            _gaps.Add(now - LastTokenAt);
        }

        LastTokenAt = now;
    }
}
