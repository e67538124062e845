using System.Net.Http.Json;
using System.Text.Json;
using InferenceServer.Inference.Cache.Disk;
using InferenceServer.Integration.Tests.Clients;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>The three tiers of a real server as clients and operators see them: <c>cached_tokens</c>, metrics, files.</summary>
[Collection(ClientCollection.Name)]
public sealed class PrefixTierTests : IDisposable
{
    private const int SpanTokens = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly PrefixFolder _disk = new();

    public void Dispose() => _disk.Dispose();

    [Fact]
    public async Task CacheSalt_ThroughCellsMemoryAndDisk_KeepsPromptsApart()
    {
        var prompt = Chats.List(0, 36);
        int length;
        await using (var server = await StartAsync())
        {
            (length, _) = await AskAsync(server, prompt, ("cache_salt", "a"));
            Assert.Equal((length, length - 1), await AskAsync(server, prompt, ("cache_salt", "a")));
            Assert.Equal((length, 0), await AskAsync(server, prompt, ("cache_salt", "b")));
            Assert.Equal((length, 0), await AskAsync(server, prompt));
            Assert.Equal(0, server.Stats.NumMemoryHits);

            await FillCellsAsync(server);
            Assert.Equal((length, 0), await AskAsync(server, prompt, ("cache_salt", "c")));
            Assert.Equal((length, length - 1), await AskAsync(server, prompt, ("cache_salt", "a")));
            Assert.Equal(1, server.Stats.NumMemoryHits);
            Assert.True(await Task.Run(() => _disk.WaitForWhole(length / SpanTokens, Patience)), "Nothing is written.");
            await server.WaitUntilIdleAsync();
        }

        await using var next = await StartAsync();
        Assert.Equal((length, 0), await AskAsync(next, prompt, ("cache_salt", "d")));
        Assert.Equal((length, 0), await AskAsync(next, prompt));
        Assert.Equal(0, next.Stats.Disk.NumHits);
        Assert.Equal((length, length - 1), await AskAsync(next, prompt, ("cache_salt", "a")));
        Assert.Equal((1, length - 1), (next.Stats.Disk.NumHits, next.Stats.Disk.NumRestoredTokens));
    }

    [Fact]
    public async Task CacheRetention_InMemory_IsKeptInMemoryAndNotOnDisk()
    {
        var (secret, other) = (Chats.List(1, 36), Chats.List(2, 36));
        int length;
        await using (var server = await StartAsync())
        {
            (length, _) = await AskAsync(server, secret, ("prompt_cache_retention", "in_memory"));
            await FillCellsAsync(server);
            Assert.Equal((length, length - 1), await AskAsync(server, secret, ("prompt_cache_retention", "in_memory")));
            Assert.Equal(1, server.Stats.NumMemoryHits);
            await server.WaitUntilIdleAsync();

            // What is written behind it is not it: the disk's orders are done one after the other.
            var numOther = (await AskAsync(server, other)).NumPrompt / SpanTokens;
            await AskAsync(server, other);
            Assert.True(await Task.Run(() => _disk.WaitForWhole(numOther, Patience)), "Nothing is written.");
            await server.WaitUntilIdleAsync();
            Assert.InRange(_disk.NumWhole, numOther, numOther + 1);
        }

        await using var next = await StartAsync();
        Assert.Equal((length, 0), await AskAsync(next, secret));
        Assert.InRange((await AskAsync(next, other)).NumCached, 128, int.MaxValue);
    }

    [Fact]
    public async Task Folder_OfAnotherServer_IsLeftToIt_AndBothServe()
    {
        await using var owner = await StartAsync();
        await using var second = await StartAsync();
        var prompt = Chats.List(3, 36);
        var (length, _) = await AskAsync(second, prompt);
        await AskAsync(second, prompt);
        await second.WaitUntilIdleAsync();

        Assert.Equal((DiskTierState.On, DiskTierState.Taken), (owner.Stats.Disk.State, second.Stats.Disk.State));
        Assert.Equal(1, MetricsPage.Parse(await second.Client.GetStringAsync("/metrics")).Sum("inference_cache_disk_state", ("state", "taken")));
        Assert.Single(second.Warnings, line => line.Contains("is in use by another process", StringComparison.Ordinal));
        Assert.Equal((0, 0L), (_disk.NumWhole, second.Stats.Disk.NumWrittenBytes));
        await AskAsync(owner, prompt);
        await AskAsync(owner, prompt);
        Assert.True(await Task.Run(() => _disk.WaitForWhole(length / SpanTokens, Patience)), "The owner writes nothing.");
        await owner.WaitUntilIdleAsync();
        var report = _disk.Verify();
        Assert.Equal((true, 1), (report.IsInUse, report.NumModels));
        Assert.InRange(report.NumTokens, length / SpanTokens * SpanTokens, length + 2);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_disk.Files));
            Assert.Equal([UnixFileMode.UserRead | UnixFileMode.UserWrite], Directory.GetFiles(_disk.Files).Select(File.GetUnixFileMode).Distinct());
        }
    }

    // Small tiers, so that each overflows: ten spans in memory, ten on disk, the budget of eighteen.
    [Fact]
    public async Task Metrics_OfEachTier_TellWhatCameWentAndWhatIsLeft()
    {
        await using var server = await StartAsync(("Cache:MemoryLimit", "8"), ("Cache:DiskLimit", "8"), ("Cache:DiskWritesPerDay", "14"));
        var before = await ReadAsync(server);
        Assert.Equal(14 << 20, before.Sum("inference_cache_disk_budget_bytes"));
        Assert.Equal(1, before.Sum("inference_cache_disk_state", ("state", "on")));
        var a = Chats.List(0, 36);
        var (length, _) = await AskAsync(server, a);
        await AskAsync(server, a);
        var page = await WaitForAsync(server, page => page.Sum("inference_cache_tokens_saved_total", ("tier", "disk")) >= length);
        Assert.Equal(1, page.Sum("inference_cache_hits_total", ("tier", "cells")));
        foreach (var tier in new[] { "memory", "disk" })
        {
            Assert.Equal(0, page.Sum("inference_cache_hits_total", ("tier", tier)));
            Assert.True(page.Sum("inference_cache_tokens_saved_total", ("tier", tier)) >= length);
            Assert.True(page.Sum("inference_cache_tokens", ("tier", tier)) >= length);
            Assert.InRange(page.Sum("inference_cache_size_bytes", ("tier", tier)), length * 10_000, length * 16_000);
            Assert.True(page.Sum("inference_cache_save_time_seconds_total", ("tier", tier)) > 0);
            Assert.Equal(0, page.Sum("inference_cache_tokens_restored_total", ("tier", tier)));
            Assert.Equal(0, page.Sum("inference_cache_tokens_evicted_total", ("tier", tier)));
        }

        Assert.Equal(0, page.Sum("inference_cache_tokens_evicted_total", ("tier", "cells")));

        var written = page.Sum("inference_cache_disk_written_bytes_total");
        Assert.Equal(page.Sum("inference_cache_size_bytes", ("tier", "disk")), written);
        Assert.InRange(page.Sum("inference_cache_disk_budget_bytes"), (14 << 20) - written, (14 << 20) - written + (1 << 20)); // some flows back

        await FillCellsAsync(server);
        await AskAsync(server, a);
        page = await ReadAsync(server);
        Assert.True(page.Sum("inference_cache_tokens_evicted_total", ("tier", "cells")) > 0);
        Assert.Equal((1, 0), (page.Sum("inference_cache_hits_total", ("tier", "memory")), page.Sum("inference_cache_hits_total", ("tier", "disk"))));
        Assert.Equal(length - 1, page.Sum("inference_cache_tokens_restored_total", ("tier", "memory")));
        Assert.True(page.Sum("inference_cache_restore_time_seconds_total", ("tier", "memory")) > 0);

        // A longer one takes its place in memory.
        await AskAsync(server, Chats.List(6, 90));
        await FillCellsAsync(server);
        Assert.True((await ReadAsync(server)).Sum("inference_cache_tokens_evicted_total", ("tier", "memory")) > 0);
        await AskAsync(server, a);
        page = await WaitForAsync(server, page => page.Sum("inference_cache_hits_total", ("tier", "disk")) == 1);
        Assert.InRange(page.Sum("inference_cache_tokens_restored_total", ("tier", "disk")), 1, length);
        Assert.True(page.Sum("inference_cache_restore_time_seconds_total", ("tier", "disk")) > 0);
        Assert.True(page.Sum("inference_cache_disk_read_bytes_total") > 0);

        for (var i = 1; i < 6 && (await ReadAsync(server)).Sum("inference_cache_disk_over_budget_total") == 0; i++)
        {
            await AskAsync(server, Chats.List(i, 36));
            await AskAsync(server, Chats.List(i, 36));
        }

        page = await WaitForAsync(server, page => page.Sum("inference_cache_tokens_evicted_total", ("tier", "disk")) > 0 && page.Sum("inference_cache_disk_over_budget_total") > 0);
        Assert.InRange(page.Sum("inference_cache_size_bytes", ("tier", "disk")), 1, 8 << 20);
        Assert.InRange(page.Sum("inference_cache_size_bytes", ("tier", "memory")), 1, 8 << 20);
        Assert.InRange(page.Sum("inference_cache_disk_written_bytes_total"), 8 << 20, 15 << 20);
        Assert.InRange(page.Sum("inference_cache_disk_budget_bytes"), 0, 1 << 20);
    }

    // Of a thousand cells, so that a prompt of nine hundred tokens takes those of all others.
    private Task<RunningServer> StartAsync(params (string Key, string? Value)[] more) => RunningServer.StartAsync(
        [("Engine:Isolation", "process"), ("Inference:KvCacheType", "q8_0"), ("Inference:Context", "1024"), ("Inference:Parallel", "2"), ("Cache:DiskPath", _disk.Path), .. more]);

    private static async Task<(int NumPrompt, int NumCached)> AskAsync(RunningServer server, string prompt, params (string Key, object Value)[] more)
    {
        var body = new Dictionary<string, object?> { ["prompt"] = prompt, ["max_tokens"] = 2, ["ignore_eos"] = true, ["temperature"] = 0 };
        foreach (var (key, value) in more)
        {
            body[key] = value;
        }

        using var response = await server.Client.PostAsJsonAsync("/v1/completions", body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var usage = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("usage");
        return (usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
    }

    // Once what is there has been copied out; leaves nothing behind itself.
    private static async Task FillCellsAsync(RunningServer server)
    {
        await server.WaitUntilIdleAsync();
        await AskAsync(server, Chats.List(7, 110), ("cache_prompt", false));
    }

    private static async Task<MetricsPage> ReadAsync(RunningServer server)
    {
        await server.WaitUntilIdleAsync();
        return MetricsPage.Parse(await server.Client.GetStringAsync("/metrics"));
    }

    private static async Task<MetricsPage> WaitForAsync(RunningServer server, Func<MetricsPage, bool> isThere)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            var text = await server.Client.GetStringAsync("/metrics");
            var page = MetricsPage.Parse(text);
            if (isThere(page))
            {
                return page;
            }

            Assert.True(DateTime.UtcNow < deadline, string.Join('\n', text.Split('\n').Where(line => line.StartsWith("inference_cache", StringComparison.Ordinal))));
            await Task.Delay(50);
        }
    }
}
