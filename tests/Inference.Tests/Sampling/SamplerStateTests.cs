using InferenceServer.Inference.Sampling;

namespace InferenceServer.Inference.Tests.Sampling;

public sealed class SamplerStateTests
{
    [Fact]
    public void ApplyPenalties_Repeat_DividesPositiveAndMultipliesNegative()
    {
        var parameters = new SamplingParams { RepeatPenalty = 2f, RepeatLastN = 2, Seed = 1 };
        float[] logits = [4f, 4f, -4f, 4f];
        new SamplerState(parameters, prompt: [0, 1], output: [2]).ApplyPenalties(logits, parameters);

        // Token 0 has left the window of two.
        Assert.Equal([4f, 2f, -8f, 4f], logits);
    }

    [Fact]
    public void ApplyPenalties_RepeatedInWindow_CountsOnceAndLeavesWithItsLastOccurrence()
    {
        var parameters = new SamplingParams { RepeatPenalty = 2f, RepeatLastN = 3, Seed = 1 };
        var state = new SamplerState(parameters, prompt: [0, 0, 1], output: []);
        float[] logits = [4f, 4f, 4f];
        state.ApplyPenalties(logits, parameters);
        Assert.Equal([2f, 2f, 4f], logits);

        state.Accept(2);
        logits = [4f, 4f, 4f];
        state.ApplyPenalties(logits, parameters);
        Assert.Equal([2f, 2f, 2f], logits);

        state.Accept(2);
        logits = [4f, 4f, 4f];
        state.ApplyPenalties(logits, parameters);
        Assert.Equal([4f, 2f, 2f], logits);
    }

    [Fact]
    public void ApplyPenalties_RepeatOverAll_ForgetsNothing()
    {
        var parameters = new SamplingParams { RepeatPenalty = 2f, RepeatLastN = -1, Seed = 1 };
        var state = new SamplerState(parameters, prompt: [0, .. Enumerable.Repeat(1, 10_000)], output: []);
        float[] logits = [4f, 4f, 4f];
        state.ApplyPenalties(logits, parameters);
        Assert.Equal([2f, 2f, 4f], logits);
    }

    [Fact]
    public void ApplyPenalties_PresenceAndFrequency_LookAtTheOutputOnly()
    {
        var parameters = new SamplingParams { PresencePenalty = 0.5f, FrequencyPenalty = 0.25f, Seed = 1 };
        float[] logits = [1f, 1f, 1f];
        new SamplerState(parameters, prompt: [0, 0], output: [1, 1, 2]).ApplyPenalties(logits, parameters);
        Assert.Equal([1f, 0f, 0.25f], logits);
    }

    [Fact]
    public void HasPenalties_AllOff_False()
    {
        var parameters = new SamplingParams { Seed = 1 };
        var state = new SamplerState(parameters, [1, 2], [3]);
        state.Accept(4);
        Assert.False(state.HasPenalties);
        Assert.True(new SamplerState(parameters with { RepeatPenalty = 1.1f }, [1], []).HasPenalties);
        Assert.False(new SamplerState(parameters with { RepeatPenalty = 1.1f, RepeatLastN = 0 }, [1], [2]).HasPenalties);
    }

    [Fact]
    public void Constructor_ResumedOutput_EqualsAcceptingIt()
    {
        var parameters = new SamplingParams { RepeatPenalty = 1.5f, RepeatLastN = 5, PresencePenalty = 0.5f, FrequencyPenalty = 0.25f, Seed = 1 };
        var random = new Random(3);
        int[] prompt = [.. Enumerable.Range(0, 7).Select(_ => random.Next(10))];
        int[] output = [.. Enumerable.Range(0, 9).Select(_ => random.Next(10))];
        for (var cut = 0; cut <= output.Length; cut++)
        {
            var state = new SamplerState(parameters, prompt, output.AsSpan(0, cut));
            foreach (var token in output.AsSpan(cut))
            {
                state.Accept(token);
            }

            var expected = Enumerable.Range(1, 10).Select(value => (float)value).ToArray();
            var actual = expected.ToArray();
            new SamplerState(parameters, prompt, output).ApplyPenalties(expected, parameters);
            state.ApplyPenalties(actual, parameters);
            Assert.Equal(expected, actual);
        }
    }
}
