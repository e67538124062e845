using InferenceServer.Inference;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Engine;

/// <summary>Prefixes that come back from disk, by the real library, after a restart and beside others.</summary>
[Collection(Native.NativeCollection.Name)]
public sealed class DiskTierTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Submit_AfterARestart_ComesBackFromDiskAndAnswersAsComputed(bool hasWindow)
    {
        var architecture = hasWindow ? TinyArchitecture.SlidingWindow : TinyArchitecture.Llama;
        await using var tiny = await TinyEngine.StartAsync(KvCacheType.Q8_0, architecture, disk: true);
        var prompt = TinyEngine.Tokens(700, 1);
        var first = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 20));
        int[] next = [.. prompt, .. first.Tokens, .. TinyEngine.Tokens(30, 2)];
        await tiny.RestartAsync();

        var second = await tiny.RunAsync(tiny.Request(next, maxOutput: 40));
        var stats = await tiny.WaitUntilIdleAsync();
        var computed = await tiny.RunAsync(tiny.Request(next, maxOutput: 40, reuse: false));

        Assert.Equal(719, second.NumCachedTokens);
        Assert.Equal(719, stats.Disk.NumRestoredTokens);
        Assert.Equal(computed.Tokens, second.Tokens);
    }

    [Fact]
    public async Task Submit_LongPromptOfTheEmbeddedModelAfterARestart_ComesFromDiskWithTheSameText()
    {
        await using var model = await TinyEngine.StartChatModelAsync(context: 2048);
        var prompt = TinyEngine.Tokens(1500, 1);
        var first = await model.RunAsync(model.Request(prompt, maxOutput: 24));
        await model.RestartAsync();

        var second = await model.RunAsync(model.Request(prompt, maxOutput: 24));

        Assert.Equal(1499, second.NumCachedTokens);
        Assert.Equal(1499, (await model.WaitUntilIdleAsync()).Disk.NumRestoredTokens);
        Assert.Equal(first.Tokens, second.Tokens);
    }

    [Fact]
    public async Task Submit_SeveralWithTheSamePrefixOnDisk_ItIsReadOnceAndNobodyIsHeldUp()
    {
        await using var tiny = await TinyEngine.StartAsync(disk: true);
        var prompt = TinyEngine.Tokens(700, 1);
        await tiny.RunAsync(tiny.Request(prompt, maxOutput: 1));
        await tiny.RestartAsync();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => tiny.RunAsync(tiny.Request(i == 3 ? TinyEngine.Tokens(20, 9) : [.. prompt, i + 'a'], maxOutput: 10))));

        Assert.Equal([700, 700, 700, 0], outcomes.Select(outcome => outcome.NumCachedTokens));
        Assert.Equal(700, (await tiny.WaitUntilIdleAsync()).Disk.NumRestoredTokens);
    }

    [Fact]
    public async Task Submit_NoMemoryForPrefixes_TheyComeFromDiskAllTheSame()
    {
        await using var tiny = await TinyEngine.StartAsync(context: 1024, cacheMemory: 0, disk: true);
        var prompt = TinyEngine.Tokens(700, 1);
        await tiny.RunAsync(tiny.Request(prompt, maxOutput: 1));
        await tiny.WaitUntilIdleAsync();
        await tiny.RunAsync(tiny.Request(TinyEngine.Tokens(1000, 99), maxOutput: 2));

        var again = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 1));

        Assert.Equal(699, again.NumCachedTokens);
        Assert.Equal(699, (await tiny.WaitUntilIdleAsync()).Disk.NumRestoredTokens);
    }

    // Every file is damaged in some way: whatever is left of a prefix is used, the rest computed, and the text is the same.
    [Fact]
    public async Task Submit_DamagedFiles_AreComputedAgain()
    {
        await using var tiny = await TinyEngine.StartAsync(disk: true);
        var prompt = TinyEngine.Tokens(700, 1);
        var first = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 20));
        var random = new Random(3);
        await tiny.RestartAsync(() =>
        {
            foreach (var path in Directory.GetFiles(tiny.DiskPath, "*.kv", SearchOption.AllDirectories))
            {
                var bytes = File.ReadAllBytes(path);
                bytes[random.Next(bytes.Length)] ^= 0x10;
                File.WriteAllBytes(path, random.Next(2) == 0 ? bytes : bytes[..random.Next(bytes.Length)]);
            }
        });

        var second = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 20));

        Assert.Equal(0, second.NumCachedTokens);
        Assert.Equal(first.Tokens, second.Tokens);
    }

    [Fact]
    public async Task Submit_OnlyInMemory_LeavesNothingOnDisk()
    {
        await using var tiny = await TinyEngine.StartAsync(disk: true);
        var prompt = TinyEngine.Tokens(700, 1);
        await tiny.RunAsync(tiny.Request(prompt, maxOutput: 1) with { OnlyInMemory = true });
        await tiny.RestartAsync();

        Assert.Empty(Directory.GetFiles(tiny.DiskPath, "*.kv", SearchOption.AllDirectories));
        Assert.Equal(0, (await tiny.RunAsync(tiny.Request(prompt, maxOutput: 1))).NumCachedTokens);
    }
}
