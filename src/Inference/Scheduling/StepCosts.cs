namespace InferenceServer.Inference.Scheduling;

/// <summary>
/// Predicts a step's duration: a fixed price, one a decode and a prefill token, and one for the cells that each attends to, fitted to the steps
/// seen, recent ones counting more. Decodes have prices of their own, since on a GPU or a Mac seven more streams cost next to nothing in a
/// step that reads all weights anyway, while on a CPU they cost as much as prefill. So have tokens of large steps: kernels change with the number of
/// rows (llama.cpp's CPU attention halves its price from 64 rows on: 383 ms for 49 rows, 346 for 64, over 1,792 cells). Pure; engine thread only.
/// </summary>
internal sealed class StepCosts
{
    /// <summary>Rows from which a step is large: where llama.cpp's CPU attention goes over to tiles, and past the points where GPU kernels change.</summary>
    public const int LargeStepTokens = 64;

    private const int NumPrices = 7;
    private const int Fixed = 0;
    private const int Decode = 1;
    private const int DecodeCells = 2;

    // Prefill tokens and the cells they attend to, in a small step and, two further, in a large one.
    private const int Prefill = 3;
    private const int PrefillCells = 4;
    private const int ToLarge = 2;

    // Cells are priced by the thousand: prices of one order of magnitude are fitted in fewer sweeps.
    private const double CellUnit = 1.0 / 1024;

    // A step counts half as much after about 70 further ones: follows a changed load within seconds, is not thrown by one outlier.
    private const double Forgetting = 0.99;

    // Sweeps over the prices per step. Few, because each fit starts from the last one: it goes on converging from step to step.
    private const int NumSweeps = 8;

    // Weight of the last prices against the steps seen: keeps a price where it is while nothing is seen that tells it from another.
    private const double Inertia = 0.02;

    // What must be seen of a price before it counts as much as the last one: about one small step with 700 cells. Less is noise: a decode of 21 instead of 10 ms that attends to 65 cells
    // would price one that attends to 1,500 at 175 (seen, and with it a step of 367 ms, since the target is at least four decodes).
    private const double Doubt = 0.02;

    // Steps until a prediction is good enough to call a duration absurd.
    private const int MinSteps = 8;

    // What a prediction may be short of: at least what lies between two steps, at most what still leaves chunks worth computing; in between where nothing was seen lately.
    private const double MinMargin = 1.1;
    private const double UnseenMargin = 1.5;
    private const double MaxMargin = 2;

    // A surprise is half forgotten after 14 further steps of its kind, trust in what was not seen after 35 of others.
    private const double MarginDecay = 0.95;
    private const double TrustDecay = 0.98;

    // Nothing is free: a price of 0 would allow endless chunks.
    private const double MinPriceMs = 1e-4;

    // Until measured: a small model on a small CPU, so that first chunks are not too long.
    private readonly double[] _prices = [5, 4, MinPriceMs, 4, MinPriceMs, 4, MinPriceMs];
    private readonly double[,] _products = new double[NumPrices, NumPrices];
    private readonly double[] _durations = new double[NumPrices];
    private long _numSteps;

    /// <summary>
    /// How many times its prediction a step of prefill beside running streams may take, going by the latest of them: 1.1 on a machine of our own, more beside other
    /// programs, whose work comes in bursts, and after a while without such steps, since prices learned in other steps fit them badly (seen: 1.5 to 1.9 times).
    /// </summary>
    public double Margin { get; private set; } = UnseenMargin;

    /// <summary>Predicted duration of a step in milliseconds.</summary>
    public double Predict(StepWork step)
    {
        Span<double> amounts = stackalloc double[NumPrices];
        Measure(step, step.NumTokens, amounts);
        return Price(amounts);
    }

    /// <summary>Of <see cref="Predict"/>, the part of one sequence, in milliseconds: its own work by its prices, and an equal part of what a step costs anyway.</summary>
    /// <param name="row">The sequence's work.</param>
    /// <param name="step">The whole step's.</param>
    /// <param name="numRows">Sequences in the step.</param>
    public double PredictRow(StepWork row, StepWork step, int numRows)
    {
        Span<double> amounts = stackalloc double[NumPrices];
        Measure(row, step.NumTokens, amounts);
        amounts[Fixed] = 1.0 / numRows;
        return Price(amounts);
    }

    /// <summary>True if a chunk of prefill costs less in a call of its own than its tokens do a few at a time in steps that run anyway.</summary>
    /// <param name="start">Position of its first token.</param>
    /// <param name="count">Its tokens.</param>
    public bool IsCheaperAlone(int start, int count)
    {
        var chunk = default(StepWork).WithPrefill(start, count);
        return count >= LargeStepTokens
            && Predict(chunk) < (SmallStepPrice(Prefill) * chunk.NumPrefillTokens) + (SmallStepPrice(PrefillCells) * CellUnit * chunk.NumPrefillCells);
    }

    /// <summary>How many prefill tokens a step may have more to stay within a duration; may be 0 or less.</summary>
    /// <param name="durationMs">Milliseconds.</param>
    /// <param name="step">What the step holds already.</param>
    /// <param name="start">Position of the first further token.</param>
    /// <param name="isLarge">By the prices of large steps; the caller sees to it that it becomes one.</param>
    public int PrefillTokensWithin(double durationMs, StepWork step, int start, bool isLarge)
    {
        var perToken = isLarge ? _prices[Prefill + ToLarge] : SmallStepPrice(Prefill);
        var perCell = CellUnit * (isLarge ? _prices[PrefillCells + ToLarge] : SmallStepPrice(PrefillCells));
        var left = durationMs - _prices[Fixed] - (_prices[Decode] * step.NumDecodes) - (_prices[DecodeCells] * step.NumDecodeCells * CellUnit)
            - (perToken * step.NumPrefillTokens) - (perCell * step.NumPrefillCells);
        if (left <= 0)
        {
            return 0;
        }

        // n tokens cost n * perToken + (n * start + n * n / 2) * perCell: the root of a * n * n + b * n = left, in the form that survives a tiny a.
        var a = perCell / 2;
        var b = perToken + (perCell * start);
        return (int)Math.Min(Math.Floor(2 * left / (b + Math.Sqrt((b * b) + (4 * a * left)))), int.MaxValue);
    }

    /// <summary>Learns from a step. Steps of nothing and durations that are no positive number are ignored.</summary>
    public void Observe(StepWork step, double durationMs)
    {
        if (step.NumTokens <= 0 || !(durationMs > 0) || !double.IsFinite(durationMs))
        {
            return;
        }

        var predicted = Predict(step);
        if (step is { NumDecodes: > 0, NumPrefillTokens: > 0 })
        {
            var remembered = MinMargin + ((Margin - MinMargin) * MarginDecay);
            Margin = Math.Clamp(durationMs / predicted, remembered, MaxMargin);
        }
        else if (Margin < UnseenMargin)
        {
            Margin = UnseenMargin + ((Margin - UnseenMargin) * TrustDecay);
        }

        // A page-in or a sleeping machine says nothing about the next step: no more than five times the prediction counts.
        if (++_numSteps > MinSteps)
        {
            durationMs = Math.Min(durationMs, 5 * predicted);
        }

        // Relative errors count, not absolute ones: else the rare long prefill steps alone would decide what a decode costs. Relative to
        // the step's size, not its duration: a machine that has become slower must not be believed less. 4 tokens: about the fixed cost.
        var size = 4 + step.NumTokens;
        var weight = 1.0 / ((double)size * size);
        Span<double> amounts = stackalloc double[NumPrices];
        Measure(step, step.NumTokens, amounts);
        for (var i = 0; i < NumPrices; i++)
        {
            _durations[i] = (_durations[i] * Forgetting) + (weight * amounts[i] * durationMs);
            for (var j = 0; j < NumPrices; j++)
            {
                _products[i, j] = (_products[i, j] * Forgetting) + (weight * amounts[i] * amounts[j]);
            }
        }

        Fit();
    }

    // What is paid for, price by price, in a step of so many tokens.
    private static void Measure(StepWork work, int numStepTokens, Span<double> amounts)
    {
        amounts.Clear();
        amounts[Fixed] = 1;
        amounts[Decode] = work.NumDecodes;
        amounts[DecodeCells] = work.NumDecodeCells * CellUnit;
        var kind = numStepTokens >= LargeStepTokens ? ToLarge : 0;
        amounts[Prefill + kind] = work.NumPrefillTokens;
        amounts[PrefillCells + kind] = work.NumPrefillCells * CellUnit;
    }

    // A small step's tokens are never cheaper; until some were seen, they are taken to cost as much.
    private double SmallStepPrice(int price) => Math.Max(_prices[price], _prices[price + ToLarge]);

    private double Price(ReadOnlySpan<double> amounts)
    {
        var duration = 0.0;
        for (var i = 0; i < NumPrices; i++)
        {
            duration += _prices[i] * amounts[i];
        }

        return duration;
    }

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

                var inertia = (Inertia * _products[i, i]) + Doubt;
                if (_products[i, i] > 0)
                {
                    _prices[i] = Math.Max(MinPriceMs, (rest + (inertia * last[i])) / (_products[i, i] + inertia));
                }
            }
        }
    }
}
