using InferenceServer.Inference.Sampling;

namespace InferenceServer.Inference.Tests.Sampling;

public sealed class LogProbsTests
{
    [Fact]
    public void Measure_RandomRows_AgreesWithTheSoftmaxInDoubles()
    {
        var random = new Random(11);
        var scratch = new SamplerScratch();
        foreach (var length in (int[])[1, 2, 127, 128, 129, 2047, 2048, 2049, 50_000])
        {
            var logits = Enumerable.Range(0, length).Select(_ => (float)Math.Round((random.NextDouble() * 40) - 20, 1)).ToArray();
            var total = Math.Log(logits.Sum(logit => Math.Exp(logit)));
            var best = new Candidate[Math.Min(20, length)];
            var chosen = random.Next(length);
            Assert.Equal(logits[chosen] - total, LogProbs.Measure(logits, chosen, best, scratch), 1e-4);

            var expected = Enumerable.Range(0, length).OrderByDescending(id => logits[id]).ThenBy(id => id).Take(best.Length).ToArray();
            Assert.Equal(expected, best.Select(candidate => candidate.Id));
            Assert.All(best, candidate => Assert.Equal(logits[candidate.Id] - total, candidate.Value, 1e-4));
        }
    }

    [Fact]
    public void Measure_GreedyPick_HasExactlyTheBestValue()
    {
        var random = new Random(12);
        var logits = Enumerable.Range(0, 5000).Select(_ => (float)(random.NextDouble() * 30)).ToArray();
        var parameters = new SamplingParams { Temperature = 0, Seed = 1 };
        var picked = Sampler.Pick(logits, parameters, new SamplerState(parameters, [], []), 0, [], new SamplerScratch());
        var best = new Candidate[1];
        Assert.Equal(LogProbs.Measure(logits, picked, best, new SamplerScratch()), best[0].Value);
        Assert.Equal(picked, best[0].Id);
    }

    [Fact]
    public void Measure_NumbersThatAreNone_CountAsImpossibleOrCertain()
    {
        float[] logits = [1, float.NaN, float.NegativeInfinity, 1];
        var best = new Candidate[4];
        Assert.Equal(Math.Log(0.5), LogProbs.Measure(logits, 0, best, new SamplerScratch()), 1e-6);
        Assert.Equal([0, 3, 1, 2], best.Select(candidate => candidate.Id));
        Assert.Equal(float.NegativeInfinity, LogProbs.Measure(logits, 1, [], new SamplerScratch()));
        Assert.Equal(float.NaN, logits[1]);

        logits[2] = float.PositiveInfinity;
        Assert.Equal(0, LogProbs.Measure(logits, 2, [], new SamplerScratch()));
        Assert.Equal(float.NegativeInfinity, LogProbs.Measure([float.NaN, float.NegativeInfinity], 0, [], new SamplerScratch()));
    }

    [Fact]
    public void Measure_WarmScratch_AllocatesNothing()
    {
        var logits = Enumerable.Range(0, 10_000).Select(id => (float)(id % 97)).ToArray();
        var scratch = new SamplerScratch();
        var best = new Candidate[20];
        LogProbs.Measure(logits, 5, best, scratch);
        var before = GC.GetAllocatedBytesForCurrentThread();
        LogProbs.Measure(logits, 5, best, scratch);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
