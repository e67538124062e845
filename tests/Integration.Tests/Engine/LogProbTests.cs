using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Integration.Tests.Engine;

[Collection(Native.NativeCollection.Name)]
public sealed class LogProbTests
{
    [Fact]
    public async Task Submit_LogProbsAsked_GreedyTokenIsTheMostLikelyAndSharesStayBelowOne()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var events = await RunAsync(tiny, tiny.Request(TinyEngine.Tokens(20, 1), maxOutput: 8) with { TopLogProbs = 20 });

        Assert.All(Tokens(events), item =>
        {
            var entry = item.LogProbs!;
            Assert.Equal(item.TokenId, entry.Chosen.TokenId);
            Assert.Equal(entry.Chosen, entry.Top[0]);
            Assert.Equal(item.Bytes.ToArray(), entry.Chosen.Bytes.ToArray());
            Assert.Equal(20, entry.Top.Select(other => other.TokenId).Distinct().Count());
            Assert.Equal(entry.Top.OrderByDescending(other => other.LogProb), entry.Top);
            Assert.InRange(entry.Top.Sum(other => Math.Exp(other.LogProb)), 0.0, 1.0001);
        });
    }

    [Fact]
    public async Task Submit_NotAsked_CarriesNone()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var events = await RunAsync(tiny, tiny.Request(TinyEngine.Tokens(20, 1), maxOutput: 2));

        Assert.All(events, item => Assert.Null(item.LogProbs));
        Assert.DoesNotContain(events, item => item.Kind == GenerationEventKind.Prompt);
    }

    [Fact]
    public async Task Submit_PenaltiesTemperatureAndBias_DoNotChangeTheModelsOwnDistribution()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var prompt = TinyEngine.Tokens(20, 1);
        var plain = Tokens(await RunAsync(tiny, tiny.Request(prompt, maxOutput: 1) with { TopLogProbs = 5 }))[0];
        var forced = plain.LogProbs!.Top[3].TokenId;
        var request = tiny.Request(prompt, maxOutput: 1, temperature: 2) with { TopLogProbs = 5 };
        var bent = Tokens(await RunAsync(tiny, request with { Sampling = request.Sampling with { LogitBias = [new LogitBias(forced, 100)], RepeatPenalty = 2 } }))[0];

        Assert.Equal(forced, bent.TokenId);
        Assert.Equal(plain.LogProbs.Top.Select(entry => entry.TokenId), bent.LogProbs!.Top.Select(entry => entry.TokenId));
        Assert.Equal(plain.LogProbs.Top[3].LogProb, bent.LogProbs.Chosen.LogProb, 1e-4);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Submit_PromptLogProbs_AreWhatGeneratingTheSameTokensGave(int numTop)
    {
        await using var tiny = await TinyEngine.StartAsync();
        var start = TinyEngine.Tokens(150, 1);
        var generated = Tokens(await RunAsync(tiny, tiny.Request(start, maxOutput: 30) with { TopLogProbs = 0 }));
        int[] whole = [.. start, .. generated.Select(item => item.TokenId)];
        var events = await RunAsync(tiny, tiny.Request(whole, maxOutput: 0) with { PromptTopLogProbs = numTop });
        var scored = events.Where(item => item.Kind == GenerationEventKind.Prompt).SelectMany(item => item.PromptLogProbs).ToArray();

        Assert.Equal(whole[1..], scored.Select(entry => entry.Chosen.TokenId));
        Assert.All(scored, entry => Assert.Equal(numTop, entry.Top.Length));
        Assert.True(events.Count(item => item.Kind == GenerationEventKind.Prompt) > 1);
        Assert.Equal(0, events[0].NumCachedTokens);
        Assert.Equal((GenerationEventKind.Finished, FinishReason.Length), (events[^1].Kind, events[^1].Reason));
        Assert.Empty(Tokens(events));
        for (var i = 0; i < generated.Length; i++)
        {
            Assert.Equal(generated[i].LogProbs!.Chosen.LogProb, scored[start.Length - 1 + i].Chosen.LogProb, 0.05);
        }
    }

    [Fact]
    public async Task Submit_PromptLogProbsBesideStreams_AllEndAndBooksMatch()
    {
        await using var tiny = await TinyEngine.StartAsync(context: 1536, parallel: 4);
        var requests = Enumerable.Range(0, 12).Select(seed =>
        {
            var request = tiny.Request(TinyEngine.Tokens(40 + (seed * 30), seed), maxOutput: 40 + (seed % 3 * 100));
            return seed % 2 == 0 ? request with { PromptTopLogProbs = 1 } : request;
        }).ToArray();
        var outcomes = await Task.WhenAll(requests.Select(request => RunAsync(tiny, request)));

        for (var i = 0; i < requests.Length; i++)
        {
            Assert.Equal(requests[i].MaxOutputTokens, Tokens(outcomes[i]).Length);
            var scored = outcomes[i].Where(item => item.Kind == GenerationEventKind.Prompt).Sum(item => item.PromptLogProbs.Length);
            Assert.Equal(i % 2 == 0 ? requests[i].PromptTokens.Length - 1 : 0, scored);
        }
    }

    [Fact]
    public async Task Submit_StopToken_EndsAndIsMarkedAndAMinimumComesFirst()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var prompt = TinyEngine.Tokens(40, 3);
        var free = Tokens(await RunAsync(tiny, tiny.Request(prompt, maxOutput: 20))).Select(item => item.TokenId).ToArray();
        var request = tiny.Request(prompt, maxOutput: 20) with { StopTokens = [free[0]] };
        var stopped = await RunAsync(tiny, request);
        var later = Tokens(await RunAsync(tiny, request with { Id = 901, MinOutputTokens = 5 }));

        Assert.True(Assert.Single(Tokens(stopped)).EndsGeneration);
        Assert.Equal(FinishReason.Stop, stopped[^1].Reason);
        Assert.True(later.Length >= 5);
        Assert.DoesNotContain(later[..5], item => item.TokenId == free[0]);
    }

    [Fact]
    public async Task GetPieces_BytesAndControlTokens_AreToldApart()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var pieces = tiny.Engine.GetPieces(new[] { (int)'a', 200, InferenceServer.Testing.TinyModel.ImEnd });

        Assert.Equal([(byte)'a'], pieces[0].Bytes.ToArray());
        Assert.Equal([200], pieces[1].Bytes.ToArray());
        Assert.Equal("<|im_end|>"u8.ToArray(), pieces[2].Bytes.ToArray());
        Assert.Equal([false, false, true], pieces.Select(piece => piece.IsControl));
        Assert.Throws<ArgumentOutOfRangeException>(() => tiny.Engine.GetPieces(new[] { 260 }));
        Assert.Null(tiny.Engine.Infill);
    }

    [Fact]
    public async Task Encode_WithoutSpecial_HasNoBeginning()
    {
        await using var tiny = await TinyEngine.StartAsync(change: writer => writer.Set("tokenizer.ggml.add_bos_token", true));
        Assert.Equal((int[])[256, 'a'], (await tiny.Engine.EncodeAsync(PromptText.Trusted("a"), CancellationToken.None)).ToArray());
        Assert.Equal((int[])['a'], (await tiny.Engine.EncodeAsync(PromptText.Trusted("a") with { AddsSpecial = false }, CancellationToken.None)).ToArray());
    }

    [Fact]
    public async Task Infill_VocabularyWithTheTokens_NamesThem()
    {
        await using var tiny = await TinyEngine.StartAsync(change: writer => writer
            .Set("tokenizer.ggml.fim_pre_token_id", 256u).Set("tokenizer.ggml.fim_suf_token_id", 257u).Set("tokenizer.ggml.fim_mid_token_id", 258u));

        Assert.Equal(new InfillTokens(256, 257, 258), tiny.Engine.Infill);
    }

    private static async Task<GenerationEvent[]> RunAsync(TinyEngine tiny, GenerationRequest request)
    {
        var stream = tiny.Submit(request);
        var events = new List<GenerationEvent>();
        while (await stream.WaitToReadAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(60)))
        {
            while (stream.TryRead(out var item))
            {
                events.Add(item);
            }
        }

        return [.. events];
    }

    private static GenerationEvent[] Tokens(GenerationEvent[] events) => [.. events.Where(item => item.Kind == GenerationEventKind.Token)];
}
