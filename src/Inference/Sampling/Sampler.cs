using System.Numerics;
using System.Numerics.Tensors;

namespace InferenceServer.Inference.Sampling;

/// <summary>
/// Picks a token from a row of logits. A pure function of the row, the parameters, the sequence's tokens (through
/// <see cref="SamplerState"/>) and the output index; the same arguments always give the same token.
/// </summary>
/// <remarks>
/// Order: logit bias, penalties, banned and masked tokens, then for temperature 0 the best token (the lowest id among equals), else
/// top-k, temperature, top-p, min-p and one draw over the survivors in the order of their ids. Nothing sorts the
/// vocabulary: maxima of blocks of the row say where survivors can be, and cuts among them are found by selection.
/// NaN counts as negative infinity, positive infinity as the largest number. Any thread, with a scratch of its own.
/// </remarks>
internal static class Sampler
{
    /// <summary>Returned when every token is forbidden or not a number: the sequence cannot go on.</summary>
    public const int NoToken = -1;

    // Floats that one pass of exponentials works on before the next: 8 KiB, so that it stays in the first-level cache.
    private const int StripLength = 16 * SamplerScratch.BlockLength;

    // Weights, as shares of the best one, at which the search for a top-p set looks first. With trained models the set
    // nearly always ends above the first.
    private static ReadOnlySpan<float> FirstThresholds => [1f / 32, 1f / 1024, 1f / 32768];

    /// <summary>Picks the token for one place of the output, or <see cref="NoToken"/>.</summary>
    /// <param name="logits">A value per token of the vocabulary; not changed.</param>
    /// <param name="parameters">How to pick.</param>
    /// <param name="state">The sequence's tokens; not changed: the caller accepts the token.</param>
    /// <param name="outputIndex">Index of this token in the output, from 0.</param>
    /// <param name="banned">Ids that must not be picked (end-of-generation tokens under <c>ignore_eos</c>).</param>
    /// <param name="scratch">Buffers of the calling thread.</param>
    /// <param name="mask">Bit t % 64 of word t / 64 says whether token t may be picked; empty: all may.</param>
    /// <param name="draw">Which of the place's random numbers to use: a second pick must not repeat the first one's luck.</param>
    public static int Pick(
        ReadOnlySpan<float> logits,
        SamplingParams parameters,
        SamplerState state,
        int outputIndex,
        ReadOnlySpan<int> banned,
        SamplerScratch scratch,
        ReadOnlySpan<ulong> mask = default,
        int draw = 0)
    {
        var row = Adjust(logits, parameters, state, banned, mask, scratch);
        var maxima = scratch.BlockMaxima(row.Length);
        var max = FindMaxima(row, maxima);
        if (!float.IsFinite(max))
        {
            row = ReplaceNonFinite(row, scratch);
            max = FindMaxima(row, maxima);
            if (max == float.NegativeInfinity)
            {
                return NoToken;
            }
        }

        if (parameters.Temperature <= 0f || parameters.TopK == 1)
        {
            return FirstAt(row, maxima, max);
        }

        var random = CounterRandom.NextDouble(parameters.Seed, outputIndex, draw);
        var temperature = parameters.Temperature;
        Span<Candidate> candidates;
        double totalWeight;
        if (parameters.TopK > 0 && parameters.TopK < row.Length)
        {
            candidates = KeepTopK(row, maxima, parameters.TopK, scratch);
            totalWeight = ToWeights(candidates, max, temperature);
        }
        else if (parameters.TopP < 1f)
        {
            candidates = KeepLikely(row, maxima, max, temperature, parameters.TopP, scratch, out totalWeight);
        }
        else if (parameters.MinP > 0f)
        {
            candidates = Gather(row, maxima, max + (temperature * MathF.Log(parameters.MinP)), scratch);
            totalWeight = ToWeights(candidates, max, temperature);
        }
        else
        {
            return DrawFromAll(row, max, temperature, random, scratch);
        }

        if (parameters.TopP < 1f)
        {
            candidates = KeepTopP(candidates, parameters.TopP * totalWeight, scratch);
        }

        if (parameters.MinP > 0f)
        {
            // The best token's weight is 1, so the share of the best is the weight itself.
            candidates = KeepFrom(candidates, new Candidate(parameters.MinP, int.MaxValue));
        }

        return Draw(candidates, random);
    }

    /// <summary>The row with bias, penalties, bans and mask; the row itself if there are none.</summary>
    private static ReadOnlySpan<float> Adjust(
        ReadOnlySpan<float> logits, SamplingParams parameters, SamplerState state, ReadOnlySpan<int> banned, ReadOnlySpan<ulong> mask, SamplerScratch scratch)
    {
        if (parameters.LogitBias.IsDefaultOrEmpty && banned.IsEmpty && mask.IsEmpty && !state.HasPenalties)
        {
            return logits;
        }

        var row = scratch.Row(logits.Length);
        logits.CopyTo(row);
        if (!parameters.LogitBias.IsDefaultOrEmpty)
        {
            foreach (var (token, bias) in parameters.LogitBias)
            {
                if ((uint)token < (uint)row.Length)
                {
                    row[token] += bias;
                }
            }
        }

        state.ApplyPenalties(row, parameters);
        foreach (var token in banned)
        {
            if ((uint)token < (uint)row.Length)
            {
                row[token] = float.NegativeInfinity;
            }
        }

        ApplyMask(row, mask);
        return row;
    }

    // Whole words first: masks are nearly always nearly empty or nearly full.
    private static void ApplyMask(Span<float> row, ReadOnlySpan<ulong> mask)
    {
        for (var word = 0; word < mask.Length; word++)
        {
            var start = word * 64;
            var forbidden = ~mask[word];
            if (forbidden == ulong.MaxValue)
            {
                row[start..Math.Min(start + 64, row.Length)].Fill(float.NegativeInfinity);
                continue;
            }

            for (; forbidden != 0; forbidden &= forbidden - 1)
            {
                var token = start + BitOperations.TrailingZeroCount(forbidden);
                if (token < row.Length)
                {
                    row[token] = float.NegativeInfinity;
                }
            }
        }
    }

    private static Span<float> ReplaceNonFinite(ReadOnlySpan<float> logits, SamplerScratch scratch)
    {
        // Either the row is already in the scratch, then this copies nothing, or it is the caller's and must stay as it is.
        var row = scratch.Row(logits.Length);
        logits.CopyTo(row);
        foreach (ref var logit in row)
        {
            if (float.IsNaN(logit))
            {
                logit = float.NegativeInfinity;
            }
            else if (float.IsPositiveInfinity(logit))
            {
                logit = float.MaxValue;
            }
        }

        return row;
    }

    private static float FindMaxima(ReadOnlySpan<float> row, Span<float> maxima)
    {
        for (var block = 0; block < maxima.Length; block++)
        {
            maxima[block] = TensorPrimitives.Max(BlockOf(row, block));
        }

        return maxima.IsEmpty ? float.NegativeInfinity : TensorPrimitives.Max<float>(maxima);
    }

    private static ReadOnlySpan<float> BlockOf(ReadOnlySpan<float> row, int block)
    {
        var start = block * SamplerScratch.BlockLength;
        return row.Slice(start, Math.Min(SamplerScratch.BlockLength, row.Length - start));
    }

    private static int FirstAt(ReadOnlySpan<float> row, ReadOnlySpan<float> maxima, float max)
    {
        var block = maxima.IndexOf(max);
        return (block * SamplerScratch.BlockLength) + BlockOf(row, block).IndexOf(max);
    }

    /// <summary>All finite logits from the threshold on, in the order of their ids.</summary>
    private static Span<Candidate> Gather(ReadOnlySpan<float> row, ReadOnlySpan<float> maxima, float threshold, SamplerScratch scratch)
    {
        threshold = Math.Max(threshold, float.MinValue);
        var candidates = scratch.Candidates(row.Length);
        var count = 0;
        for (var block = 0; block < maxima.Length; block++)
        {
            if (maxima[block] >= threshold)
            {
                var start = block * SamplerScratch.BlockLength;
                var logits = BlockOf(row, block);
                for (var i = 0; i < logits.Length; i++)
                {
                    if (logits[i] >= threshold)
                    {
                        candidates[count++] = new Candidate(logits[i], start + i);
                    }
                }
            }
        }

        return candidates[..count];
    }

    private static Span<Candidate> KeepTopK(ReadOnlySpan<float> row, ReadOnlySpan<float> maxima, int count, SamplerScratch scratch)
    {
        // The count-th largest maximum of a block is a logit that at least so many logits reach.
        var threshold = float.NegativeInfinity;
        if (count <= maxima.Length)
        {
            var blocks = scratch.Selection(maxima.Length);
            for (var block = 0; block < maxima.Length; block++)
            {
                blocks[block] = new Candidate(maxima[block], block);
            }

            threshold = Candidate.LastOfBest(blocks, count).Value;
        }

        var candidates = Gather(row, maxima, threshold, scratch);
        if (candidates.Length <= count)
        {
            return candidates;
        }

        var selection = scratch.Selection(candidates.Length);
        candidates.CopyTo(selection);
        return KeepFrom(candidates, Candidate.LastOfBest(selection, count));
    }

    /// <summary>
    /// Candidates, as weights, that surely contain the top-p set, and the weight of the whole row.
    /// </summary>
    private static Span<Candidate> KeepLikely(
        ReadOnlySpan<float> row, ReadOnlySpan<float> maxima, float max, float temperature, float topP, SamplerScratch scratch, out double totalWeight)
    {
        var weights = scratch.Weights(row.Length);
        totalWeight = WeighAll(row, max, temperature, weights, scratch.BlockSums(row.Length));

        // Tokens below this weight, however many, sum to less than what top-p may leave out.
        var certain = (float)((1.0 - topP) * totalWeight / row.Length);
        foreach (var threshold in FirstThresholds)
        {
            if (threshold <= certain)
            {
                break;
            }

            var likely = Gather(row, maxima, max + (temperature * MathF.Log(threshold)), scratch);
            if (TakeWeights(likely, weights) >= topP * totalWeight)
            {
                return likely;
            }
        }

        var candidates = Gather(row, maxima, max + (temperature * MathF.Log(certain)), scratch);
        TakeWeights(candidates, weights);
        return candidates;
    }

    private static Span<Candidate> KeepTopP(Span<Candidate> candidates, double weight, SamplerScratch scratch)
    {
        var selection = scratch.Selection(candidates.Length);
        candidates.CopyTo(selection);
        return KeepFrom(candidates, Candidate.LastOfMass(selection, weight));
    }

    /// <summary>Those that are not worse than a last one; their order stays.</summary>
    private static Span<Candidate> KeepFrom(Span<Candidate> candidates, Candidate last)
    {
        var count = 0;
        foreach (var candidate in candidates)
        {
            if (!last.IsBetterThan(candidate))
            {
                candidates[count++] = candidate;
            }
        }

        return candidates[..count];
    }

    /// <summary>Turns logits into weights, of which the best is 1, and returns their sum.</summary>
    private static double ToWeights(Span<Candidate> candidates, float max, float temperature)
    {
        var sum = 0.0;
        foreach (ref var candidate in candidates)
        {
            var weight = MathF.Exp((candidate.Value - max) / temperature);
            candidate = candidate with { Value = weight };
            sum += weight;
        }

        return sum;
    }

    private static double TakeWeights(Span<Candidate> candidates, ReadOnlySpan<float> weights)
    {
        var sum = 0.0;
        foreach (ref var candidate in candidates)
        {
            candidate = candidate with { Value = weights[candidate.Id] };
            sum += candidate.Value;
        }

        return sum;
    }

    private static double WeighAll(ReadOnlySpan<float> row, float max, float temperature, Span<float> weights, Span<double> blockSums)
    {
        for (var start = 0; start < row.Length; start += StripLength)
        {
            var length = Math.Min(StripLength, row.Length - start);
            var strip = weights.Slice(start, length);
            TensorPrimitives.Subtract(row.Slice(start, length), max, strip);
            if (temperature != 1f)
            {
                TensorPrimitives.Divide<float>(strip, temperature, strip);
            }

            TensorPrimitives.Exp<float>(strip, strip);
        }

        var sum = 0.0;
        for (var block = 0; block < blockSums.Length; block++)
        {
            blockSums[block] = TensorPrimitives.Sum(BlockOf(weights, block));
            sum += blockSums[block];
        }

        return sum;
    }

    private static int DrawFromAll(ReadOnlySpan<float> row, float max, float temperature, double random, SamplerScratch scratch)
    {
        var weights = scratch.Weights(row.Length);
        var blockSums = scratch.BlockSums(row.Length);
        var left = random * WeighAll(row, max, temperature, weights, blockSums);
        var drawn = 0;
        for (var block = 0; block < blockSums.Length; block++)
        {
            // Rounding may carry the draw past the end; then the last block with any weight has it.
            if (blockSums[block] > 0.0)
            {
                drawn = block;
                if (left < blockSums[block])
                {
                    break;
                }

                left -= blockSums[block];
            }
        }

        var start = drawn * SamplerScratch.BlockLength;
        var token = start;
        var inBlock = BlockOf(weights, drawn);
        for (var i = 0; i < inBlock.Length; i++)
        {
            if (inBlock[i] > 0f)
            {
                token = start + i;
                if (left < inBlock[i])
                {
                    break;
                }

                left -= inBlock[i];
            }
        }

        return token;
    }

    private static int Draw(ReadOnlySpan<Candidate> candidates, double random)
    {
        var sum = 0.0;
        foreach (var candidate in candidates)
        {
            sum += candidate.Value;
        }

        var left = random * sum;
        var token = candidates[0].Id;
        foreach (var candidate in candidates)
        {
            if (candidate.Value > 0f)
            {
                token = candidate.Id;
                if (left < candidate.Value)
                {
                    break;
                }

                left -= candidate.Value;
            }
        }

        return token;
    }
}
