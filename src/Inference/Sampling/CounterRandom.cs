namespace InferenceServer.Inference.Sampling;

/// <summary>
/// Random numbers without state: each one is a function of (seed, output index, draw), so that a sequence can be
/// preempted, resumed or moved and goes on as if nothing had happened. Usable from any thread.
/// </summary>
internal static class CounterRandom
{
    // The increment and the finalizer of SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
    // Generators", OOPSLA 2014; the finalizer's constants are David Stafford's "Mix13"). Every coordinate goes through
    // the finalizer once, so neighbouring seeds, indexes and draws have nothing in common.
    private const ulong Golden = 0x9E37_79B9_7F4A_7C15;

    /// <summary>A number from 0 (inclusive) to 1 (exclusive) with 53 random bits.</summary>
    /// <param name="seed">The request's seed.</param>
    /// <param name="outputIndex">Index of the token to pick in the output, from 0.</param>
    /// <param name="draw">Which number for that token, from 0.</param>
    public static double NextDouble(long seed, int outputIndex, int draw)
    {
        var bits = Mix((ulong)seed + Golden);
        bits = Mix(bits + (Golden * ((ulong)(uint)outputIndex + 1)));
        bits = Mix(bits + (Golden * ((ulong)(uint)draw + 1)));
        return (bits >> 11) * (1.0 / (1UL << 53));
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
