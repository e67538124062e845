namespace InferenceServer.Inference.Grammar.Text;

/// <summary>Cuts a range of numbers into rectangles: sequences of ranges of digits, any of which may be combined.</summary>
internal static class DigitRanges
{
    /// <summary>Calls back with the ranges of each digit, the most significant first.</summary>
    /// <param name="low">First number.</param>
    /// <param name="high">Last number.</param>
    /// <param name="bitsPerDigit">Bits of a digit, from the most significant.</param>
    /// <param name="visit">Gets as many ranges as there are digits; the array is reused.</param>
    public static void Visit(int low, int high, ReadOnlySpan<int> bitsPerDigit, Action<(int Low, int High)[]> visit)
    {
        var digits = new (int Low, int High)[bitsPerDigit.Length];
        Visit(low, high, bitsPerDigit, 0, digits, visit);
    }

    private static void Visit(int low, int high, ReadOnlySpan<int> bits, int index, (int Low, int High)[] digits, Action<(int Low, int High)[]> visit)
    {
        if (index == bits.Length)
        {
            visit(digits);
            return;
        }

        var shift = 0;
        foreach (var width in bits[(index + 1)..])
        {
            shift += width;
        }

        var mask = (1 << shift) - 1;
        var (first, last) = (low >> shift, high >> shift);
        if (first == last)
        {
            digits[index] = (first, first);
            Visit(low & mask, high & mask, bits, index + 1, digits, visit);
            return;
        }

        if ((low & mask) != 0)
        {
            digits[index] = (first, first);
            Visit(low & mask, mask, bits, index + 1, digits, visit);
            first++;
        }

        var hasPartialEnd = (high & mask) != mask;
        var lastFull = hasPartialEnd ? last - 1 : last;
        if (first <= lastFull)
        {
            digits[index] = (first, lastFull);
            Visit(0, mask, bits, index + 1, digits, visit);
        }

        if (hasPartialEnd)
        {
            digits[index] = (last, last);
            Visit(0, high & mask, bits, index + 1, digits, visit);
        }
    }
}
