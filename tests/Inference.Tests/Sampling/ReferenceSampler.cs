using InferenceServer.Inference.Sampling;

namespace InferenceServer.Inference.Tests.Sampling;

/// <summary>
/// The sampler's definition, spelled out: whole vocabulary, double precision, full sort, no state but the tokens.
/// </summary>
internal static class ReferenceSampler
{
    /// <summary>
    /// The token, and whether another one is as defensible because a sum came closer to a limit than rounding can tell.
    /// </summary>
    public static (int Token, bool IsClose) Pick(
        float[] logits, SamplingParams parameters, int[] prompt, int[] output, int[] banned)
    {
        var row = Adjust(logits, parameters, prompt, output, banned);
        if (row.All(double.IsNegativeInfinity))
        {
            return (Sampler.NoToken, false);
        }

        var ordered = Enumerable.Range(0, row.Length)
            .Where(id => !double.IsNegativeInfinity(row[id]))
            .OrderByDescending(id => row[id]).ThenBy(id => id)
            .ToList();
        var isClose = false;
        if (parameters.Temperature == 0f)
        {
            isClose = ordered.Count > 1 && row[ordered[0]] != row[ordered[1]] && row[ordered[0]] - row[ordered[1]] < 1e-5;
            return (ordered[0], isClose);
        }

        if (parameters.TopK > 0 && parameters.TopK < ordered.Count)
        {
            var (last, next) = (row[ordered[parameters.TopK - 1]], row[ordered[parameters.TopK]]);
            isClose |= last != next && last - next < 1e-5;
            ordered.RemoveRange(parameters.TopK, ordered.Count - parameters.TopK);
        }

        var max = row[ordered[0]];
        var weights = ordered.ToDictionary(id => id, id => Math.Exp((row[id] - max) / parameters.Temperature));
        var total = weights.Values.Sum();
        if (parameters.TopP < 1f)
        {
            var kept = 0;
            var sum = 0.0;
            while (kept < ordered.Count && (kept == 0 || sum < parameters.TopP * total))
            {
                sum += weights[ordered[kept++]];
                isClose |= Math.Abs(sum - (parameters.TopP * total)) < 1e-5 * total;
            }

            // Equal tokens on both sides of the cut stay apart by their ids in both; nearly equal ones need not.
            if (kept < ordered.Count)
            {
                var (last, next) = (row[ordered[kept - 1]], row[ordered[kept]]);
                isClose |= last != next && last - next < 1e-5 * parameters.Temperature;
            }

            ordered.RemoveRange(kept, ordered.Count - kept);
        }

        if (parameters.MinP > 0f)
        {
            isClose |= ordered.Any(id => weights[id] != 1.0 && Math.Abs(weights[id] - parameters.MinP) < 1e-5 * parameters.MinP);
            ordered.RemoveAll(id => weights[id] < parameters.MinP);
        }

        ordered.Sort();
        var remaining = ordered.Sum(id => weights[id]);
        var draw = CounterRandom.NextDouble(parameters.Seed, output.Length, 0) * remaining;
        foreach (var id in ordered)
        {
            isClose |= Math.Abs(draw - weights[id]) < 1e-5 * remaining && ordered.Count > 1;
            if (draw < weights[id])
            {
                return (id, isClose);
            }

            draw -= weights[id];
        }

        return (ordered[^1], true);
    }

    private static double[] Adjust(float[] logits, SamplingParams parameters, int[] prompt, int[] output, int[] banned)
    {
        var row = logits.Select(logit => (double)logit).ToArray();
        foreach (var (token, bias) in parameters.LogitBias)
        {
            row[token] += bias;
        }

        var all = prompt.Concat(output).ToArray();
        var window = parameters.RepeatLastN < 0 ? all : all.TakeLast(parameters.RepeatLastN).ToArray();
        foreach (var token in window.Distinct())
        {
            row[token] = row[token] > 0 ? row[token] / parameters.RepeatPenalty : row[token] * parameters.RepeatPenalty;
        }

        foreach (var group in output.GroupBy(token => token))
        {
            row[group.Key] -= parameters.PresencePenalty + (group.Count() * (double)parameters.FrequencyPenalty);
        }

        foreach (var token in banned)
        {
            row[token] = double.NegativeInfinity;
        }

        return row.Select(logit =>
            double.IsNaN(logit) ? double.NegativeInfinity : double.IsPositiveInfinity(logit) ? float.MaxValue : logit).ToArray();
    }
}
