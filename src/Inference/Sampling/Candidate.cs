namespace InferenceServer.Inference.Sampling;

/// <summary>
/// A token that may still be picked. Candidates are ordered best first: higher <see cref="Value"/>, then lower
/// <see cref="Id"/>; no two are equal in that order.
/// </summary>
/// <param name="Value">A logit or a weight; never NaN.</param>
/// <param name="Id">Id in the vocabulary.</param>
internal readonly record struct Candidate(float Value, int Id)
{
    /// <summary>True if this one comes before <paramref name="other"/>.</summary>
    public bool IsBetterThan(Candidate other) => Value > other.Value || (Value == other.Value && Id < other.Id);

    /// <summary>
    /// The candidate at which the best <paramref name="count"/> end: exactly that many are it or better.
    /// </summary>
    /// <param name="candidates">At least <paramref name="count"/>; left in another order.</param>
    /// <param name="count">At least 1.</param>
    public static Candidate LastOfBest(Span<Candidate> candidates, int count)
    {
        while (candidates.Length > 1)
        {
            var numBetter = Partition(candidates);
            if (count <= numBetter)
            {
                candidates = candidates[..numBetter];
            }
            else if (count == numBetter + 1)
            {
                return candidates[numBetter];
            }
            else
            {
                candidates = candidates[(numBetter + 1)..];
                count -= numBetter + 1;
            }
        }

        return candidates[0];
    }

    /// <summary>
    /// The candidate at which the smallest set of best ones ends whose values sum to at least <paramref name="mass"/>;
    /// the worst candidate if all of them together do not.
    /// </summary>
    /// <param name="candidates">At least one; left in another order.</param>
    /// <param name="mass">Sum to reach; 0 or less leaves the best candidate alone.</param>
    public static Candidate LastOfMass(Span<Candidate> candidates, double mass)
    {
        while (candidates.Length > 1)
        {
            var numBetter = Partition(candidates);
            var better = 0.0;
            for (var i = 0; i < numBetter; i++)
            {
                better += candidates[i].Value;
            }

            var pivot = candidates[numBetter];
            if (numBetter > 0 && mass <= better)
            {
                candidates = candidates[..numBetter];
            }
            else if (mass <= better + pivot.Value || numBetter + 1 == candidates.Length)
            {
                return pivot;
            }
            else
            {
                candidates = candidates[(numBetter + 1)..];
                mass -= better + pivot.Value;
            }
        }

        return candidates[0];
    }

    /// <summary>
    /// Puts better candidates before a pivot, worse ones behind it, and returns the pivot's place. Median of three, so
    /// that sorted and constant input, both common here, split in halves.
    /// </summary>
    private static int Partition(Span<Candidate> candidates)
    {
        var last = candidates.Length - 1;
        var middle = last / 2;
        if (candidates[middle].IsBetterThan(candidates[0]))
        {
            (candidates[middle], candidates[0]) = (candidates[0], candidates[middle]);
        }

        if (candidates[last].IsBetterThan(candidates[0]))
        {
            (candidates[last], candidates[0]) = (candidates[0], candidates[last]);
        }

        if (candidates[middle].IsBetterThan(candidates[last]))
        {
            (candidates[middle], candidates[last]) = (candidates[last], candidates[middle]);
        }

        var pivot = candidates[last];
        var place = 0;
        for (var i = 0; i < last; i++)
        {
            if (candidates[i].IsBetterThan(pivot))
            {
                (candidates[i], candidates[place]) = (candidates[place], candidates[i]);
                place++;
            }
        }

        (candidates[place], candidates[last]) = (candidates[last], candidates[place]);
        return place;
    }
}
