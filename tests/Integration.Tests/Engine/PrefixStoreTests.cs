using InferenceServer.Inference;
using InferenceServer.Inference.Engine;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Engine;

/// <summary>Prefixes that left the cells come back from the host's memory, by the real library.</summary>
[Collection(Native.NativeCollection.Name)]
public sealed class PrefixStoreTests
{
    [Theory]
    [InlineData(KvCacheType.Q8_0, false)]
    [InlineData(KvCacheType.BF16, false)]
    [InlineData(KvCacheType.Q8_0, true)]
    public async Task Submit_ConversationThatLeftTheCells_ComesBackAndAnswersAsComputed(KvCacheType kvType, bool hasWindow)
    {
        await using var tiny = await TinyEngine.StartAsync(kvType, ArchitectureOf(hasWindow), context: 1024);
        var prompt = TinyEngine.Tokens(700, 1);
        var first = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 20));
        int[] next = [.. prompt, .. first.Tokens, .. TinyEngine.Tokens(30, 2)];
        await FillCellsAsync(tiny);

        var second = await tiny.RunAsync(tiny.Request(next, maxOutput: 40));
        var restored = (await tiny.WaitUntilIdleAsync()).NumRestoredTokens;
        var computed = await tiny.RunAsync(tiny.Request(next, maxOutput: 40, reuse: false));

        Assert.Equal(719, second.NumCachedTokens);
        Assert.Equal(719, restored);
        Assert.Equal(computed.Tokens, second.Tokens);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Submit_AnotherEndInTheMiddleOfASpan_TakesWhatIsCommonAndAnswersAsComputed(bool hasWindow)
    {
        await using var tiny = await TinyEngine.StartAsync(architecture: ArchitectureOf(hasWindow), context: 1024);
        var prompt = TinyEngine.Tokens(700, 1);
        await tiny.RunAsync(tiny.Request(prompt, maxOutput: 1));
        await FillCellsAsync(tiny);
        int[] other = [.. prompt[..500], .. TinyEngine.Tokens(50, 3)];

        var outcome = await tiny.RunAsync(tiny.Request(other, maxOutput: 40));
        var computed = await tiny.RunAsync(tiny.Request(other, maxOutput: 40, reuse: false));

        Assert.Equal(500, outcome.NumCachedTokens);
        Assert.Equal(computed.Tokens, outcome.Tokens);
    }

    [Fact]
    public async Task Submit_SeveralWithTheSamePrefixInMemory_ItComesBackOnce()
    {
        await using var tiny = await TinyEngine.StartAsync(context: 1024);
        var prompt = TinyEngine.Tokens(700, 1);
        await tiny.RunAsync(tiny.Request(prompt, maxOutput: 1));
        await FillCellsAsync(tiny);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => tiny.RunAsync(tiny.Request([.. prompt, i + 'a'], maxOutput: 10))));

        Assert.All(outcomes, outcome => Assert.Equal(700, outcome.NumCachedTokens));
        Assert.Equal(700, (await tiny.WaitUntilIdleAsync()).NumRestoredTokens);
    }

    // A mebibyte of memory is less than all of them need.
    [Fact]
    public async Task Submit_StreamOfSmallRequestsBesideALongConversation_LeavesItsPrefixInMemory()
    {
        await using var tiny = await TinyEngine.StartAsync(KvCacheType.F16, context: 2048, cacheMemory: 1);
        var conversation = TinyEngine.Tokens(1500, 1);
        var first = await tiny.RunAsync(tiny.Request(conversation, maxOutput: 4));
        for (var i = 0; i < 40; i++)
        {
            await tiny.RunAsync(tiny.Request(TinyEngine.Tokens(150, 100 + i), maxOutput: 4));
            await tiny.WaitUntilIdleAsync();
        }

        var stats = tiny.Engine.Stats;
        Assert.True(stats.NumEvictedTokens > 1500, $"{stats.NumEvictedTokens} tokens went.");
        var again = await tiny.RunAsync(tiny.Request(conversation, maxOutput: 4));
        Assert.Equal(1499, again.NumCachedTokens);
        Assert.True((await tiny.WaitUntilIdleAsync()).NumRestoredTokens > 1000);
        Assert.Equal(first.Tokens, again.Tokens);
    }

    [Fact]
    public async Task Submit_MachineRunsShortOfMemory_PrefixesAreGivenUpUntilThereIsEnough()
    {
        var available = 0.5;
        await using var tiny = await TinyEngine.StartAsync(context: 1024, availableMemory: () => Volatile.Read(ref available));
        var prompt = TinyEngine.Tokens(700, 1);
        var first = await tiny.RunAsync(tiny.Request(prompt));
        Assert.Equal(715, (await tiny.WaitUntilIdleAsync()).NumStoredTokens);

        Volatile.Write(ref available, 0.01);
        await WaitForAsync(tiny, stats => stats.NumStoredTokens == 0);
        Assert.Equal(715, tiny.Engine.Stats.NumEvictedTokens);
        await FillCellsAsync(tiny);
        var second = await tiny.RunAsync(tiny.Request(prompt));
        Assert.Equal(0, second.NumCachedTokens);
        Assert.Equal(first.Tokens, second.Tokens);

        Volatile.Write(ref available, 0.5);
        await WaitForAsync(tiny, stats =>
        {
            tiny.RunAsync(tiny.Request(prompt)).GetAwaiter().GetResult();
            return stats.NumStoredTokens >= 700;
        });
        await FillCellsAsync(tiny);
        Assert.Equal(699, (await tiny.RunAsync(tiny.Request(prompt))).NumCachedTokens);
    }

    [Fact]
    public async Task Submit_NoMemoryForPrefixes_ComputesAgain()
    {
        await using var tiny = await TinyEngine.StartAsync(context: 1024, cacheMemory: 0);
        var prompt = TinyEngine.Tokens(700, 1);
        await tiny.RunAsync(tiny.Request(prompt));
        await FillCellsAsync(tiny);

        Assert.Equal(0, (await tiny.RunAsync(tiny.Request(prompt))).NumCachedTokens);
        Assert.Equal(0, (await tiny.WaitUntilIdleAsync()).NumSavedTokens);
    }

    [Fact]
    public async Task Submit_ModelWhoseCellsCannotBeSaved_KeepsNothing()
    {
        await using var tiny = await TinyEngine.StartAsync(architecture: TinyArchitecture.Recurrent, context: 1024);
        await tiny.RunAsync(tiny.Request(TinyEngine.Tokens(300, 1)));

        Assert.Equal(0, (await tiny.WaitUntilIdleAsync()).NumSavedTokens);
    }

    // Conversations of random lengths that together need many times the cells, turn by turn, side by side, some given up: the texts are those of an engine without a store.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Submit_ManyConversationsInTurns_AnswersAsComputed(bool hasWindow)
    {
        await using var tiny = await TinyEngine.StartAsync(architecture: ArchitectureOf(hasWindow), context: 2048, parallel: 4);
        await using var plain = await TinyEngine.StartAsync(architecture: ArchitectureOf(hasWindow), context: 2048, parallel: 4, cacheMemory: 0);
        var random = new Random(7);
        int[][] conversations = [.. Enumerable.Range(0, 6).Select(i => TinyEngine.Tokens(random.Next(100, 700), i))];
        for (var turn = 0; turn < 4; turn++)
        {
            var outcomes = await Task.WhenAll(conversations.Select(async (tokens, i) =>
            {
                if ((turn + i) % 5 == 4)
                {
                    var request = tiny.Request(tokens, maxOutput: 200);
                    var stream = tiny.Submit(request);
                    tiny.Engine.Abort(request.Id);
                    await TinyEngine.ReadAsync(stream);
                }

                return await tiny.RunAsync(tiny.Request(tokens, maxOutput: 12));
            }));
            for (var i = 0; i < conversations.Length; i++)
            {
                var expected = await plain.RunAsync(plain.Request(conversations[i], maxOutput: 12, reuse: false));
                Assert.Equal(expected.Tokens, outcomes[i].Tokens);
                conversations[i] = [.. conversations[i], .. outcomes[i].Tokens, .. TinyEngine.Tokens(random.Next(5, 60), turn)];
            }
        }

        Assert.True((await tiny.WaitUntilIdleAsync()).NumRestoredTokens > 1000);
    }

    private static TinyArchitecture ArchitectureOf(bool hasWindow) => hasWindow ? TinyArchitecture.SlidingWindow : TinyArchitecture.Llama;

    private static async Task WaitForAsync(TinyEngine tiny, Func<EngineStats, bool> isThere)
    {
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while (!isThere(tiny.Engine.Stats))
        {
            Assert.True(DateTime.UtcNow < deadline, $"{tiny.Engine.Stats}");
            await Task.Delay(20);
        }
    }

    private static async Task FillCellsAsync(TinyEngine tiny)
    {
        await tiny.WaitUntilIdleAsync();
        await tiny.RunAsync(tiny.Request(TinyEngine.Tokens(1000, 99), maxOutput: 2));
    }
}
