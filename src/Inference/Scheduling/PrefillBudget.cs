namespace InferenceServer.Inference.Scheduling;

/// <summary>
/// How many prefill tokens a step may still take: a whole ubatch while nobody waits for the step's end, and once somebody
/// does, as many as keep the step within the latency target. Made anew for every step.
/// </summary>
internal struct PrefillBudget
{
    // Below this a step is mostly fixed cost; prefills make progress even if decoding alone takes the whole target.
    private const int MinChunk = 8;

    private readonly SchedulerLimits _limits;
    private readonly StepCosts _costs;
    private readonly double _plannedMs;
    private readonly int _minChunk;
    private bool _isWatched;

    /// <param name="limits">The token budget and the target.</param>
    /// <param name="costs">Predicts durations.</param>
    /// <param name="decodes">Rows of running streams already in the step; each of them watches.</param>
    /// <param name="spentMs">Milliseconds that they have waited already when the step begins.</param>
    public PrefillBudget(SchedulerLimits limits, StepCosts costs, StepWork decodes, double spentMs = 0)
    {
        _limits = limits;
        _costs = costs;
        _isWatched = decodes.NumDecodes > 0;
        var decodeMs = costs.Predict(_isWatched ? decodes : decodes.WithDecode(0));
        _plannedMs = (limits.GetTargetMs(decodeMs) / costs.Margin) - spentMs;
        _minChunk = spentMs > 0 ? 1 : MinChunk;
    }

    /// <summary>Tokens that the next prefill of the step may take at most; 0 or less if the step is full.</summary>
    /// <param name="step">What the step holds already.</param>
    /// <param name="start">The prefill's position.</param>
    /// <param name="numLeft">Tokens that this prefill and those after it have left.</param>
    public readonly int Next(StepWork step, int start, int numLeft)
    {
        var room = _limits.MaxBatchTokens - step.NumTokens;
        if (!_isWatched)
        {
            return room;
        }

        var chunk = Math.Min(numLeft, _costs.PrefillTokensWithin(_plannedMs, step, start, isLarge: true));
        var isLarge = step.NumTokens + chunk >= StepCosts.LargeStepTokens;
        if (!isLarge)
        {
            chunk = Math.Min(StepCosts.LargeStepTokens - 1 - step.NumTokens, _costs.PrefillTokensWithin(_plannedMs, step, start, isLarge: false));
        }

        // Kernels work in tiles of rows, decodes included.
        var tile = isLarge || chunk >= _limits.PrefillTile ? _limits.PrefillTile : MinChunk;
        chunk = ((step.NumTokens + chunk) / tile * tile) - step.NumTokens;
        if (step.NumPrefillTokens == 0)
        {
            chunk = Math.Max(chunk, _minChunk);
        }

        return Math.Min(room, chunk);
    }

    /// <summary>A prefill completes with this step: its first token now waits for the step's end too.</summary>
    public void Watch() => _isWatched = true;
}
