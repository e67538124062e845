using InferenceServer.Inference;
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

    private static async Task FillCellsAsync(TinyEngine tiny)
    {
        await tiny.WaitUntilIdleAsync();
        await tiny.RunAsync(tiny.Request(TinyEngine.Tokens(1000, 99), maxOutput: 2));
    }
}
