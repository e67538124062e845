namespace InferenceServer.Inference.Scheduling;

/// <summary>
/// Predicts a step's duration: fixed + per decode * decodes + per prefill token * prefill tokens, fitted to the steps seen, recent
/// ones counting more. Decodes have a price of their own, since on a GPU or a Mac seven more streams cost next to nothing in a
/// step that reads all weights anyway, while on a CPU they cost as much as prefill. So have tokens of large chunks: kernels change with the number of
/// rows (llama.cpp's CPU attention halves its price from 64 rows on: 437 ms for 48 tokens, 305 ms for 64, over 3,072 cells). Pure; engine thread only.
/// </summary>
internal sealed class StepCosts
{
    // Fixed, a decode, a prefill token in a small chunk, one in a large chunk.
    private const int NumPrices = 4;
    private const int Fixed = 0;
    private const int Decode = 1;
    private const int SmallChunk = 2;
    private const int LargeChunk = 3;

    // Rows from which a chunk is large: where llama.cpp's CPU attention goes over to tiles, and past the points where GPU kernels change.
    private const int LargeChunkTokens = 64;

    // A step counts half as much after about 70 further ones: follows a changed load within seconds, is not thrown by one outlier.
    private const double Forgetting = 0.99;

    // Sweeps over the prices per step. Few, because each fit starts from the last one: it goes on converging from step to step.
    private const int NumSweeps = 4;

    // Weight of the last prices against the steps seen: keeps a price where it is while nothing is seen that tells it from another.
    private const double Inertia = 0.02;

    // Steps until a prediction is good enough to call a duration absurd.
    private const int MinSteps = 8;

    // Nothing is free: a price of 0 would allow endless chunks.
    private const double MinPriceMs = 1e-4;

    // Until measured: a small model on a small CPU, so that first chunks are not too long.
    private readonly double[] _prices = [5, 4, 4, 4];
    private readonly double[,] _products = new double[NumPrices, NumPrices];
    private readonly double[] _durations = new double[NumPrices];
    private long _numSteps;

    /// <summary>True once anything was measured.</summary>
    public bool IsMeasured => _numSteps > 0;

    /// <summary>Predicted duration of a step in milliseconds.</summary>
    public double Predict(int numDecodes, int numPrefillTokens) =>
        _prices[Fixed] + (_prices[Decode] * numDecodes) + (_prices[ChunkOf(numPrefillTokens)] * numPrefillTokens);

    /// <summary>How many prefill tokens a step with so many decodes may have to stay within a duration; may be 0 or less.</summary>
    public int PrefillTokensWithin(double durationMs, int numDecodes)
    {
        var left = durationMs - Predict(numDecodes, 0);
        var large = Math.Floor(left / _prices[LargeChunk]);
        return large >= LargeChunkTokens
            ? (int)Math.Min(large, int.MaxValue)
            : (int)Math.Clamp(Math.Floor(left / _prices[SmallChunk]), -1, LargeChunkTokens - 1);
    }

    /// <summary>Learns from a step.</summary>
    public void Observe(int numDecodes, int numPrefillTokens, double durationMs)
    {
        if (numDecodes + numPrefillTokens <= 0 || !(durationMs > 0) || !double.IsFinite(durationMs))
        {
            return;
        }

        // A page-in or a sleeping machine says nothing about the next step: no more than five times the prediction counts.
        if (++_numSteps > MinSteps)
        {
            durationMs = Math.Min(durationMs, 5 * Predict(numDecodes, numPrefillTokens));
        }

        // Relative errors count, not absolute ones: else the rare long prefill steps alone would decide what a decode costs. Relative to
        // the step's size, not its duration: a machine that has become slower must not be believed less. 4 tokens: about the fixed cost.
        var size = 4 + numDecodes + numPrefillTokens;
        var weight = 1.0 / ((double)size * size);
        Span<double> counts = [1, numDecodes, 0, 0];
        counts[ChunkOf(numPrefillTokens)] = numPrefillTokens;
        for (var i = 0; i < NumPrices; i++)
        {
            _durations[i] = (_durations[i] * Forgetting) + (weight * counts[i] * durationMs);
            for (var j = 0; j < NumPrices; j++)
            {
                _products[i, j] = (_products[i, j] * Forgetting) + (weight * counts[i] * counts[j]);
            }
        }

        Fit();
    }

    private static int ChunkOf(int numPrefillTokens) => numPrefillTokens < LargeChunkTokens ? SmallChunk : LargeChunk;

    // Weighted least squares with prices that are not negative, by coordinate descent from the last prices.
    private void Fit()
    {
        Span<double> last = stackalloc double[NumPrices];
        _prices.CopyTo(last);
        for (var sweep = 0; sweep < NumSweeps; sweep++)
        {
            for (var i = 0; i < NumPrices; i++)
            {
                var rest = _durations[i];
                for (var j = 0; j < NumPrices; j++)
                {
                    rest -= j == i ? 0 : _products[i, j] * _prices[j];
                }

                var inertia = Inertia * _products[i, i];
                if (_products[i, i] > 0)
                {
                    _prices[i] = Math.Max(MinPriceMs, (rest + (inertia * last[i])) / (_products[i, i] + inertia));
                }
            }
        }
    }
}
