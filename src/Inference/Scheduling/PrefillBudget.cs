namespace InferenceServer.Inference.Scheduling;

/// <summary>
/// How many prefill tokens a step may still take: a whole ubatch while nobody waits for the step's end, and once somebody
/// does, as many as keep the step within the latency target. Made anew for every step.
/// </summary>
internal struct PrefillBudget
{
    // Steps vary by a fifth on a shared CPU and attention grows with the position, so plan for less than the target.
    private const double PlannedShare = 0.8;

    // Below this a step is mostly fixed cost; prefills make progress even if decoding alone takes the whole target.
    private const int MinChunk = 8;

    private readonly int _tile;
    private readonly int _maxTokens;
    private readonly int _watchedTokens;
    private bool _isWatched;

    /// <param name="limits">The token budget and the target.</param>
    /// <param name="costs">Predicts durations.</param>
    /// <param name="numDecodes">Rows of running streams already in the step; each of them watches.</param>
    public PrefillBudget(SchedulerLimits limits, StepCosts costs, int numDecodes)
    {
        var target = limits.InterTokenTargetMs ?? Math.Max(250, 4 * costs.Predict(Math.Max(1, numDecodes), 0));
        _tile = limits.PrefillTile;
        _maxTokens = limits.MaxBatchTokens;
        _watchedTokens = costs.PrefillTokensWithin(PlannedShare * target, numDecodes);
        _isWatched = numDecodes > 0;
    }

    /// <summary>Tokens that the next prefill of the step may take at most; 0 or less if the step is full.</summary>
    public readonly int Next(ScheduledStep step)
    {
        var room = _maxTokens - step.NumTokens;
        if (!_isWatched)
        {
            return room;
        }

        var chunk = _watchedTokens - step.NumPrefillTokens;
        if (step.NumPrefillTokens == 0)
        {
            chunk = Math.Max(chunk, MinChunk);
        }

        return Math.Min(room, chunk >= _tile ? chunk / _tile * _tile : chunk / MinChunk * MinChunk);
    }

    /// <summary>A prefill completes with this step: its first token now waits for the step's end too.</summary>
    public void Watch() => _isWatched = true;
}
