using System.Net.Http.Json;
using System.Text.Json;
using InferenceServer.Integration.Tests.Clients;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>The disk is full under a real server: a small file system of the test's own.</summary>
[Collection(ClientCollection.Name)]
public sealed class FullDiskTests
{
    private const string Enough = "size=2g,nr_inodes=10000";

    // The first has less room than the tier leaves to others. The second says that it has two gigabytes but takes a few files only: what follows is the kernel's "No space left on device".
    [SkippableTheory]
    [InlineData("size=64m", "Less than 1024 MiB are free", 0)]
    [InlineData("size=2g,nr_inodes=9", "No space left on device", 1)]
    public async Task Write_FullDisk_SwitchesTheTierOffWithOneWarning_AndServingGoesOn(string options, string reason, int minWhole)
    {
        using var disk = new PrefixFolder();
        using var mounted = SmallDisk.TryMount(disk.Path, options);
        Skip.If(mounted is null, "Mounts a small tmpfs: root's, on Linux.");
        await using var server = await RunningServer.StartAsync(
            ("Engine:Isolation", "process"), ("Inference:KvCacheType", "q8_0"), ("Inference:Context", "8192"), ("Cache:DiskPath", disk.Path));
        var (asked, streamed) = (Completion(Chats.List(0, 70), 16), Completion(Chats.List(1, 10), 96));
        var expected = (await StreamedAnswer.ReadAsync(server, Salted(streamed, "a"), path: "/v1/completions")).Text;
        var first = await AskAsync(server, asked);
        await WaitForStateAsync(server, "on");

        // What comes again is written when its request ends: beside the stream.
        Task<(string Text, int NumCached)>? asking = null;
        var stream = await StreamedAnswer.ReadAsync(server, Salted(streamed, "b"), count => asking ??= count == 3 ? AskAsync(server, asked) : null, "/v1/completions");
        var second = await asking!;
        await WaitForStateAsync(server, "failed");
        await server.WaitUntilIdleAsync();

        Assert.Equal((expected, "length", 0), (stream.Text, stream.FinishReason, stream.NumErrors));
        Assert.Equal(first.Text, second.Text);
        var third = await AskAsync(server, asked);
        Assert.Equal(first.Text, third.Text);
        Assert.InRange(third.NumCached, 128, int.MaxValue); // cells and memory serve on
        Assert.Contains(reason, Assert.Single(Warnings(server)), StringComparison.Ordinal);
        Assert.InRange(disk.NumWhole, minWhole, 9);
        Assert.Empty(disk.Half);
        Assert.Empty(disk.Verify().Faults);

        // Room again: as documented, only the next start of the engine's process looks for it. What was whole is used then.
        mounted.Resize(Enough);
        var numWhole = disk.NumWhole;
        var other = Completion(Chats.List(2, 70), 4);
        await AskAsync(server, other);
        await AskAsync(server, other);
        await server.WaitUntilIdleAsync();
        await WaitForStateAsync(server, "failed");
        Assert.Equal(numWhole, disk.NumWhole);
        server.KillEngine();
        await WaitForStateAsync(server, "on");
        var fourth = await AskAsync(server, asked);
        Assert.Equal((first.Text, numWhole > 0), (fourth.Text, fourth.NumCached > 0));
        await AskAsync(server, asked);
        Assert.True(await Task.Run(() => disk.WaitForWhole(numWhole + 5, TimeSpan.FromSeconds(30))), "Nothing is written although there is room.");
        Assert.Single(Warnings(server));
    }

    private static IEnumerable<string> Warnings(RunningServer server) => server.Warnings.Where(line => line.StartsWith("Prefixes are not kept on disk from now on", StringComparison.Ordinal));

    private static Dictionary<string, object?> Completion(string prompt, int maxTokens) => new()
    {
        ["prompt"] = prompt,
        ["max_tokens"] = maxTokens,
        ["ignore_eos"] = true,
        ["temperature"] = 0,
    };

    private static Dictionary<string, object?> Salted(Dictionary<string, object?> body, string salt) => new(body) { ["cache_salt"] = salt };

    private static async Task<(string Text, int NumCached)> AskAsync(RunningServer server, Dictionary<string, object?> body)
    {
        using var response = await server.Client.PostAsJsonAsync("/v1/completions", body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return (answer.GetProperty("choices")[0].GetProperty("text").GetString()!, answer.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
    }

    private static async Task WaitForStateAsync(RunningServer server, string state)
    {
        var deadline = DateTime.UtcNow.AddSeconds(60);
        MetricsPage page;
        while ((page = MetricsPage.Parse(await server.Client.GetStringAsync("/metrics"))).Sum("inference_cache_disk_state", ("state", state)) is not 1)
        {
            Assert.True(DateTime.UtcNow < deadline, $"It is not '{state}' but {string.Join(' ', page.Find("inference_cache_disk_state").Where(sample => sample.Value == 1).Select(sample => sample.Labels["state"]))}.");
            await Task.Delay(20);
        }
    }
}
