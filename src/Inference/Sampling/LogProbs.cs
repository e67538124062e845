using System.Collections.Immutable;
using System.Numerics.Tensors;
using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Sampling;

/// <summary>
/// Reads log probabilities off a row of logits as the model gave it. NaN counts as negative infinity, positive infinity as
/// the largest number, as in <see cref="Sampler"/>. Any thread, with a scratch of its own.
/// </summary>
internal static class LogProbs
{
    /// <summary>Most alternatives that may be asked for: OpenAI's limit.</summary>
    public const int MaxTop = 20;

    // Floats that one pass of exponentials works on before the next: 8 KiB, so that it stays in the first-level cache.
    private const int StripLength = 2048;

    /// <summary>The log probability of a token and of the most likely ones.</summary>
    /// <param name="logits">A value per token of the vocabulary; not changed.</param>
    /// <param name="chosen">The token that was picked or that the prompt has there.</param>
    /// <param name="numTop">Alternatives wanted, 0 to <see cref="MaxTop"/>; fewer if the vocabulary is smaller.</param>
    /// <param name="vocabulary">Bytes of the tokens.</param>
    /// <param name="scratch">Buffers of the calling thread.</param>
    public static TokenLogProbs Compute(ReadOnlySpan<float> logits, int chosen, int numTop, Vocabulary vocabulary, SamplerScratch scratch)
    {
        Span<Candidate> best = stackalloc Candidate[MaxTop];
        best = best[..Math.Min(numTop, logits.Length)];
        var logProb = Measure(logits, chosen, best, scratch);
        var top = ImmutableArray.CreateBuilder<TokenLogProb>(best.Length);
        foreach (var candidate in best)
        {
            top.Add(Of(candidate.Id, candidate.Value, vocabulary));
        }

        return new TokenLogProbs(Of(chosen, logProb, vocabulary), top.MoveToImmutable());
    }

    /// <summary>The log probability of <paramref name="chosen"/>; <paramref name="best"/> is filled with those of the best tokens, best first.</summary>
    /// <param name="logits">A value per token of the vocabulary; not changed.</param>
    /// <param name="chosen">A token.</param>
    /// <param name="best">No longer than the row.</param>
    /// <param name="scratch">Buffers of the calling thread.</param>
    public static float Measure(ReadOnlySpan<float> logits, int chosen, Span<Candidate> best, SamplerScratch scratch)
    {
        var logSum = Normalise(ref logits, scratch);
        TakeBest(logits, best);
        foreach (ref var candidate in best)
        {
            candidate = candidate with { Value = (float)(candidate.Value - logSum) };
        }

        return (float)(logits[chosen] - logSum);
    }

    private static TokenLogProb Of(int token, float logProb, Vocabulary vocabulary) =>
        new(token, logProb, vocabulary.GetBytes(token), vocabulary.IsControl(token));

    /// <summary>The logarithm of the sum of all exponentials; replaces the row by a clean copy if it is not clean itself.</summary>
    private static double Normalise(ref ReadOnlySpan<float> logits, SamplerScratch scratch)
    {
        var max = TensorPrimitives.Max(logits);
        if (!float.IsFinite(max))
        {
            logits = Clean(logits, scratch.Row(logits.Length));
            max = TensorPrimitives.Max(logits);
            if (max == float.NegativeInfinity)
            {
                return 0; // every token is impossible, and stays so
            }
        }

        var weights = scratch.Weights(Math.Min(StripLength, logits.Length));
        var sum = 0.0;
        for (var start = 0; start < logits.Length; start += StripLength)
        {
            var strip = weights[..Math.Min(StripLength, logits.Length - start)];
            TensorPrimitives.Subtract(logits.Slice(start, strip.Length), max, strip);
            TensorPrimitives.Exp<float>(strip, strip);
            sum += TensorPrimitives.Sum<float>(strip);
        }

        return max + Math.Log(sum);
    }

    private static Span<float> Clean(ReadOnlySpan<float> logits, Span<float> row)
    {
        for (var i = 0; i < row.Length; i++)
        {
            row[i] = float.IsNaN(logits[i]) ? float.NegativeInfinity : Math.Min(logits[i], float.MaxValue);
        }

        return row;
    }

    /// <summary>Fills <paramref name="best"/> with the best candidates in order; of equals the lower id comes first.</summary>
    private static void TakeBest(ReadOnlySpan<float> logits, Span<Candidate> best)
    {
        if (best.IsEmpty)
        {
            return;
        }

        var count = 0;
        for (var start = 0; start < logits.Length; start += SamplerScratch.BlockLength)
        {
            var block = logits.Slice(start, Math.Min(SamplerScratch.BlockLength, logits.Length - start));

            // Ids ascend, so an equal of the worst so far is worse.
            if (count == best.Length && TensorPrimitives.Max(block) <= best[^1].Value)
            {
                continue;
            }

            for (var i = 0; i < block.Length; i++)
            {
                var candidate = new Candidate(block[i], start + i);
                if (count < best.Length)
                {
                    Insert(best[..++count], candidate);
                }
                else if (candidate.IsBetterThan(best[^1]))
                {
                    Insert(best, candidate);
                }
            }
        }
    }

    /// <summary>Puts a candidate in its place; what was last is dropped.</summary>
    private static void Insert(Span<Candidate> best, Candidate candidate)
    {
        var place = best.Length - 1;
        while (place > 0 && candidate.IsBetterThan(best[place - 1]))
        {
            best[place] = best[place - 1];
            place--;
        }

        best[place] = candidate;
    }
}
