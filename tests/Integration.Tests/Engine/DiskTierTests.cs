using InferenceServer.Inference;
using InferenceServer.Inference.Cache.Disk;
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

    // Nothing of the old folder is loaded, and all of it is there again with the old settings.
    [Theory]
    [InlineData("kv type")]
    [InlineData("rope")]
    [InlineData("weights")]
    [InlineData("device")]
    public async Task Submit_AfterARestartWithAnotherModelOrSettings_LoadsNothingUntilTheOldOnesAreBack(string part)
    {
        await using var tiny = await TinyEngine.StartAsync(disk: true);
        var prompt = TinyEngine.Tokens(700, 1);
        var first = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 20));
        var (model, time) = (await File.ReadAllBytesAsync(tiny.ModelPath), File.GetLastWriteTimeUtc(tiny.ModelPath));
        await tiny.RestartAsync(() =>
        {
            switch (part)
            {
                case "kv type":
                    tiny.Options.KvCacheType = KvCacheType.F16;
                    break;
                case "device":
                    tiny.Options.Device = "cpu";
                    break;
                default:
                    TinyModel.Create(new TinyModelOptions { Seed = part == "weights" ? 2 : 1 }).Set("llama.rope.freq_base", part == "rope" ? 20_000f : 10_000f).WriteTo(tiny.ModelPath);
                    File.SetLastWriteTimeUtc(tiny.ModelPath, time);
                    break;
            }
        });

        var other = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 20));
        var disk = (await tiny.WaitUntilIdleAsync()).Disk;
        Assert.Equal((0, 0L, 0L), (other.NumCachedTokens, disk.NumHits, disk.NumReadBytes));
        Assert.InRange(disk.NumDropped[(int)SpanFault.Foreign], 11, 12);
        await tiny.RestartAsync(() =>
        {
            (tiny.Options.KvCacheType, tiny.Options.Device) = (KvCacheType.Q8_0, "auto");
            File.WriteAllBytes(tiny.ModelPath, model);
            File.SetLastWriteTimeUtc(tiny.ModelPath, time);
        });
        var again = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 20));

        Assert.Equal(699, again.NumCachedTokens);
        Assert.Equal(first.Tokens, again.Tokens);
    }

    [Fact]
    public async Task Submit_FilesThatNobodyUsedForAWeek_AreGoneAndComputedAgain()
    {
        await using var tiny = await TinyEngine.StartAsync(disk: true);
        var prompt = TinyEngine.Tokens(700, 1);
        var first = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 20));
        var count = 0;
        await tiny.RestartAsync(() =>
        {
            foreach (var path in Directory.GetFiles(tiny.DiskPath, "*.kv", SearchOption.AllDirectories))
            {
                File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(-7.1));
                count++;
            }
        });

        var second = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 20));

        Assert.Equal(0, second.NumCachedTokens);
        Assert.Equal(first.Tokens, second.Tokens);
        Assert.True(count > 10);
        Assert.Equal(count, (await tiny.WaitUntilIdleAsync()).Disk.NumDropped[(int)SpanFault.Expired]);
    }

    [Fact]
    public async Task Submit_BudgetOfTheDayUsedUp_WritesNoMoreAlsoAfterARestart()
    {
        const long Budget = 1 << 20;
        await using var tiny = await TinyEngine.StartAsync(disk: true, diskWritesPerDay: 1);
        for (var i = 0; i < 8 && tiny.Engine.Stats.Disk.NumOverBudget == 0; i++)
        {
            // Twice, as only what is asked for again is written of the second half.
            var prompt = TinyEngine.Tokens(1500, i);
            await tiny.RunAsync(tiny.Request(prompt, maxOutput: 1));
            await tiny.WaitUntilIdleAsync();
            await tiny.RunAsync(tiny.Request(prompt, maxOutput: 1));
            await tiny.WaitUntilIdleAsync();
        }

        var disk = tiny.Engine.Stats.Disk;
        Assert.True(disk.NumOverBudget > 0);
        Assert.InRange(disk.NumWrittenBytes, Budget / 2, Budget);
        Assert.InRange(disk.NumBytesLeft, 0, Budget / 8);
        await tiny.RestartAsync();
        var again = TinyEngine.Tokens(1500, 99);
        await tiny.RunAsync(tiny.Request(again, maxOutput: 1));
        await tiny.WaitUntilIdleAsync();
        await tiny.RunAsync(tiny.Request(again, maxOutput: 1));

        disk = (await tiny.WaitUntilIdleAsync()).Disk;
        Assert.True(disk.NumOverBudget > 0);
        Assert.InRange(disk.NumWrittenBytes, 0, Budget / 8);
    }
}
