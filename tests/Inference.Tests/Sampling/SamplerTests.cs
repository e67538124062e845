using InferenceServer.Inference.Sampling;

namespace InferenceServer.Inference.Tests.Sampling;

public sealed class SamplerTests
{
    private static readonly SamplingParams Greedy = new() { Temperature = 0f, Seed = 1 };

    [Fact]
    public void Pick_RandomRowsAndParameters_AgreesWithTheReference()
    {
        var random = new Random(20_250_101);
        var scratch = new SamplerScratch();
        const int NumCases = 6_000;
        var numCompared = 0;
        for (var i = 0; i < NumCases; i++)
        {
            var logits = RandomRow(random);
            var parameters = RandomParameters(random, logits.Length);
            var prompt = RandomTokens(random, logits.Length);
            var output = RandomTokens(random, logits.Length);
            var banned = random.Next(3) == 0 ? RandomTokens(random, logits.Length) : [];
            var state = new SamplerState(parameters, prompt, output);

            var (expected, isClose) = ReferenceSampler.Pick(logits, parameters, prompt, output, banned);
            var picked = Sampler.Pick(logits, parameters, state, output.Length, banned, scratch);
            if (!isClose)
            {
                numCompared++;
                Assert.True(expected == picked, $"Case {i}: expected {expected}, picked {picked} of {logits.Length} with {parameters}.");
            }
        }

        Assert.True(numCompared > NumCases * 0.9, $"Only {numCompared} cases were far enough from a limit to compare.");
    }

    [Fact]
    public void Pick_UnderAMask_IsAsIfAllOthersWereBanned()
    {
        var random = new Random(3);
        var scratch = new SamplerScratch();
        for (var i = 0; i < 2_000; i++)
        {
            var logits = RandomRow(random);
            var parameters = RandomParameters(random, logits.Length);
            var state = new SamplerState(parameters, [], []);
            var mask = new ulong[(logits.Length + 63) / 64];
            var density = random.NextDouble();
            for (var token = 0; token < logits.Length; token++)
            {
                mask[token / 64] |= random.NextDouble() < density ? 1UL << token : 0;
            }

            if (random.Next(4) == 0)
            {
                mask[random.Next(mask.Length)] = random.Next(2) == 0 ? 0 : ulong.MaxValue;
            }

            var banned = Enumerable.Range(0, logits.Length).Where(token => (mask[token / 64] >> token & 1) == 0).ToArray();

            Assert.Equal(Sampler.Pick(logits, parameters, state, i, banned, scratch), Sampler.Pick(logits, parameters, state, i, [], scratch, mask));
        }
    }

    [Fact]
    public void Pick_FirstFreeThenUnderAMask_FollowsTheSoftmaxOfWhatIsAllowed()
    {
        float[] logits = [1f, 2f, 0.5f, -1f, 3f];
        var parameters = new SamplingParams { Temperature = 1f, Seed = 42 };
        var state = new SamplerState(parameters, [], []);
        var scratch = new SamplerScratch();
        ulong[] mask = [0b01011];
        const int NumDraws = 200_000;
        var counts = new int[logits.Length];
        for (var i = 0; i < NumDraws; i++)
        {
            var token = Sampler.Pick(logits, parameters, state, i, [], scratch);
            counts[(mask[0] >> token & 1) != 0 ? token : Sampler.Pick(logits, parameters, state, i, [], scratch, mask, draw: 1)]++;
        }

        var weights = logits.Select((logit, id) => (mask[0] >> id & 1) != 0 ? Math.Exp(logit) : 0).ToArray();
        for (var id = 0; id < logits.Length; id++)
        {
            var share = weights[id] / weights.Sum();
            var tolerance = 5 * Math.Sqrt(share * (1 - share) / NumDraws);
            Assert.InRange((double)counts[id] / NumDraws, share - tolerance, share + tolerance);
        }
    }

    [Fact]
    public void Pick_ManyDraws_FollowTheSoftmax()
    {
        float[] logits = [1f, 2f, 0.5f, -1f, 3f];
        var parameters = new SamplingParams { Temperature = 0.7f, Seed = 42 };
        var state = new SamplerState(parameters, [], []);
        var scratch = new SamplerScratch();
        const int NumDraws = 200_000;
        var counts = new int[logits.Length];
        for (var i = 0; i < NumDraws; i++)
        {
            counts[Sampler.Pick(logits, parameters, state, i, [], scratch)]++;
        }

        var weights = logits.Select(logit => Math.Exp(logit / 0.7)).ToArray();
        for (var id = 0; id < logits.Length; id++)
        {
            // Five standard deviations of the share of so many draws.
            var share = weights[id] / weights.Sum();
            var tolerance = 5 * Math.Sqrt(share * (1 - share) / NumDraws);
            Assert.InRange((double)counts[id] / NumDraws, share - tolerance, share + tolerance);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(1000)]
    public void Pick_TemperatureZero_TakesTheBestAndTheLowestIdOfEquals(int length)
    {
        var random = new Random(length);
        for (var round = 0; round < 200; round++)
        {
            var logits = Enumerable.Range(0, length).Select(_ => (float)random.Next(-5, 5)).ToArray();
            Assert.Equal(Array.IndexOf(logits, logits.Max()), Pick(logits, Greedy));
        }
    }

    [Fact]
    public void Pick_TopKOne_IsGreedy()
    {
        float[] logits = [0f, 5f, 4.9f, 5f];
        Assert.Equal([1], PickMany(logits, new SamplingParams { TopK = 1, Temperature = 2f, Seed = 3 }));
    }

    [Fact]
    public void Pick_TopPZero_IsGreedy()
    {
        float[] logits = [0f, 5f, 4.9f, 5f];
        Assert.Equal([1], PickMany(logits, new SamplingParams { TopP = 0f, Seed = 3 }));
    }

    [Fact]
    public void Pick_MinPOne_TakesOnlyTheBest()
    {
        float[] logits = [0f, 5f, 4.9f, 5f];
        Assert.Equal([1, 3], PickMany(logits, new SamplingParams { MinP = 1f, Temperature = 2f, Seed = 3 }));
    }

    [Fact]
    public void Pick_TopKOfEquals_KeepsTheLowestIds()
    {
        var logits = new float[1000];
        Assert.Equal([0, 1, 2], PickMany(logits, new SamplingParams { TopK = 3, Seed = 3 }));
    }

    [Fact]
    public void Pick_FlatRowWithTopP_KeepsExactlyTheShare()
    {
        var logits = new float[1000];
        var picked = PickMany(logits, new SamplingParams { TopP = 0.0105f, Seed = 3 });
        Assert.Equal(Enumerable.Range(0, 11), picked);
    }

    [Fact]
    public void Pick_TopPBeforeMinP_CountsTheWholeMass()
    {
        // Shares 0.4, 0.3, 0.2, 0.1: top-p 0.65 keeps two of them; min-p, had it come first, would leave it to keep one.
        var logits = new[] { 0.4, 0.3, 0.2, 0.1 }.Select(share => (float)Math.Log(share)).ToArray();
        Assert.Equal([0, 1], PickMany(logits, new SamplingParams { TopP = 0.65f, MinP = 0.6f, Seed = 3 }));
    }

    [Fact]
    public void Pick_BannedTokens_NeverPicked()
    {
        float[] logits = [0f, 50f, 0f, 60f];
        var banned = new[] { 1, 3, 99, -1 };
        Assert.Equal(0, Pick(logits, Greedy, banned));
        Assert.Equal([0, 2], PickMany(logits, new SamplingParams { Seed = 5 }, banned));
    }

    [Fact]
    public void Pick_LogitBias_ForcesAndForbids()
    {
        float[] logits = [1f, 2f, 3f];
        var forced = Greedy with { LogitBias = [new LogitBias(0, 100f), new LogitBias(77, 100f)] };
        var forbidden = Greedy with { LogitBias = [new LogitBias(2, float.NegativeInfinity)] };
        Assert.Equal(0, Pick(logits, forced));
        Assert.Equal(1, Pick(logits, forbidden));
    }

    [Fact]
    public void Pick_LogitsOfTheCaller_StayAsTheyWere()
    {
        float[] logits = [1f, float.NaN, float.PositiveInfinity];
        var before = logits.ToArray();
        Pick(logits, Greedy with { LogitBias = [new LogitBias(0, 9f)] }, [2]);
        Pick(logits, Greedy);
        Assert.Equal(before, logits);
    }

    [Fact]
    public void Pick_NaN_CountsAsForbidden()
    {
        var logits = Enumerable.Repeat(float.NaN, 300).ToArray();
        logits[200] = -7f;
        logits[210] = -8f;
        Assert.Equal(200, Pick(logits, Greedy));
        Assert.Equal([200, 210], PickMany(logits, new SamplingParams { Seed = 9 }));
        Assert.Equal([200, 210], PickMany(logits, new SamplingParams { Seed = 9, TopK = 5, TopP = 0.99f, MinP = 0.01f }));
        Assert.Equal([200, 210], PickMany(logits, new SamplingParams { Seed = 9, TopP = 0.99f }));
    }

    [Fact]
    public void Pick_PositiveInfinity_BeatsEverythingElse()
    {
        float[] logits = [1f, float.PositiveInfinity, 2f, float.PositiveInfinity];
        Assert.Equal(1, Pick(logits, Greedy));
        Assert.Equal([1, 3], PickMany(logits, new SamplingParams { Seed = 9 }));
    }

    [Fact]
    public void Pick_NothingAllowed_SaysSo()
    {
        Assert.Equal(Sampler.NoToken, Pick([float.NaN, float.NegativeInfinity], Greedy));
        Assert.Equal(Sampler.NoToken, Pick([1f, 2f], new SamplingParams { Seed = 1, TopK = 1 }, [0, 1]));
        Assert.Equal(Sampler.NoToken, Pick([1f, 2f], new SamplingParams { Seed = 1 }, [0, 1]));
    }

    [Fact]
    public void Pick_TinyTemperature_IsGreedy()
    {
        float[] logits = [1f, 2f, 1.999f, -3f];
        Assert.Equal([1], PickMany(logits, new SamplingParams { Temperature = float.Epsilon, Seed = 9 }));
        Assert.Equal([1], PickMany(logits, new SamplingParams { Temperature = float.Epsilon, Seed = 9, TopP = 0.9f }));
        Assert.Equal([1], PickMany(logits, new SamplingParams { Temperature = float.Epsilon, Seed = 9, MinP = 0.1f }));
    }

    [Fact]
    public void Pick_SameSeed_RepeatsAndOtherSeedDoesNot()
    {
        var random = new Random(4);
        var logits = Enumerable.Range(0, 500).Select(_ => random.NextSingle()).ToArray();
        int[] Generate(long seed)
        {
            var parameters = new SamplingParams { Seed = seed };
            var state = new SamplerState(parameters, [], []);
            var scratch = new SamplerScratch();
            return [.. Enumerable.Range(0, 50).Select(i => Sampler.Pick(logits, parameters, state, i, [], scratch))];
        }

        Assert.Equal(Generate(7), Generate(7));
        Assert.NotEqual(Generate(7), Generate(8));
    }

    [Theory]
    [InlineData(0f, 0, 1f, 0f)]
    [InlineData(1f, 0, 1f, 0f)]
    [InlineData(0.8f, 40, 0.95f, 0.05f)]
    [InlineData(1f, 0, 0.9f, 0f)]
    [InlineData(1f, 0, 1f, 0.05f)]
    [InlineData(1.5f, 5_000, 0.5f, 0f)]
    public void Pick_AfterWarmUp_AllocatesNothing(float temperature, int topK, float topP, float minP)
    {
        var random = new Random(5);
        var logits = Enumerable.Range(0, 20_000).Select(_ => random.NextSingle() * 12).ToArray();
        var parameters = new SamplingParams
        {
            Temperature = temperature,
            TopK = topK,
            TopP = topP,
            MinP = minP,
            RepeatPenalty = 1.1f,
            RepeatLastN = 16,
            FrequencyPenalty = 0.1f,
            LogitBias = [new LogitBias(3, 1f)],
            Seed = 11,
        };
        var state = new SamplerState(parameters, Enumerable.Range(0, 100).ToArray(), Enumerable.Range(0, 2_000).ToArray());
        var scratch = new SamplerScratch();
        int[] banned = [2];
        void PickSome(int count)
        {
            for (var i = 0; i < count; i++)
            {
                // Accepting a token already seen is the steady state: the fold's tables have grown as far as they will.
                Sampler.Pick(logits, parameters, state, i, banned, scratch);
                state.Accept(i);
            }
        }

        PickSome(100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        PickSome(100);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static int Pick(float[] logits, SamplingParams parameters, int[]? banned = null) =>
        Sampler.Pick(logits, parameters, new SamplerState(parameters, [], []), 0, banned ?? [], new SamplerScratch());

    /// <summary>Every token that some of many draws picks, in order.</summary>
    private static IEnumerable<int> PickMany(float[] logits, SamplingParams parameters, int[]? banned = null)
    {
        var state = new SamplerState(parameters, [], []);
        var scratch = new SamplerScratch();
        return Enumerable.Range(0, 1_000)
            .Select(i => Sampler.Pick(logits, parameters, state, i, banned ?? [], scratch))
            .Distinct()
            .Order();
    }

    private static float[] RandomRow(Random random)
    {
        int[] lengths = [1, 2, 7, 60, 128, 200, 500, 3_000];
        var logits = new float[lengths[random.Next(lengths.Length)]];
        var spread = random.Next(4) switch { 0 => 0.1f, 1 => 2f, 2 => 10f, _ => 0f };
        for (var i = 0; i < logits.Length; i++)
        {
            logits[i] = spread == 0f ? random.Next(-3, 4) : (float)(spread * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(random.NextDouble() * Math.Tau));
        }

        if (random.Next(8) == 0)
        {
            float[] oddities = [float.NaN, float.NegativeInfinity, float.PositiveInfinity];
            logits[random.Next(logits.Length)] = oddities[random.Next(oddities.Length)];
        }

        return logits;
    }

    private static SamplingParams RandomParameters(Random random, int vocabulary) => new()
    {
        Temperature = random.Next(5) == 0 ? 0f : 0.05f + (random.NextSingle() * 1.95f),
        TopK = random.Next(2) == 0 ? 0 : random.Next(1, Math.Max(2, random.Next(2) == 0 ? 50 : vocabulary * 2)),
        TopP = random.Next(2) == 0 ? 1f : random.NextSingle(),
        MinP = random.Next(2) == 0 ? 0f : random.NextSingle() * random.NextSingle(),
        RepeatPenalty = random.Next(2) == 0 ? 1f : 0.5f + random.NextSingle(),
        RepeatLastN = random.Next(-1, 8),
        PresencePenalty = random.Next(2) == 0 ? 0f : (random.NextSingle() * 4) - 2,
        FrequencyPenalty = random.Next(2) == 0 ? 0f : (random.NextSingle() * 4) - 2,
        LogitBias = random.Next(2) == 0
            ? []
            : [.. RandomTokens(random, vocabulary).Distinct().Select(token => new LogitBias(token, random.Next(-100, 101)))],
        Seed = random.NextInt64(),
    };

    private static int[] RandomTokens(Random random, int vocabulary) =>
        [.. Enumerable.Range(0, random.Next(12)).Select(_ => random.Next(vocabulary))];
}
