using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using InferenceServer.Integration.Tests.Clients;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>The host as a process: what it loads, and what it leaves behind.</summary>
[Collection(ClientCollection.Name)]
public sealed class HostTests
{
    [SkippableFact]
    public async Task Host_LoadsNothingNative_AndItsEngineEndsWithIt()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Looks below /proc.");
        await using var server = await ServerProcess.StartAsync();
        var engine = EngineOf(server);
        Assert.Contains("libllama", ReadMaps(engine), StringComparison.Ordinal);
        Assert.DoesNotContain("libllama", ReadMaps(server.Id), StringComparison.Ordinal);
        Assert.DoesNotContain("libggml", ReadMaps(server.Id), StringComparison.Ordinal);

        server.Signal("KILL");
        await server.WaitAsync();
        await AssertEndsAsync(engine);
    }

    [SkippableFact]
    public async Task Signals_ToTheWholeGroup_LetTheHostDrain()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Looks below /proc.");
        await using var server = await ServerProcess.StartAsync();
        var engine = EngineOf(server);
        foreach (var signal in new[] { "TERM", "INT", "HUP" })
        {
            using var kill = Process.Start("kill", [$"-{signal}", engine.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }

        await Task.Delay(200);
        Assert.Equal([engine], ChildrenOf(server.Id));
        server.Signal("TERM");
        var (code, _, _) = await server.WaitAsync();
        Assert.Equal(0, code);
        Assert.False(Directory.Exists($"/proc/{engine}"));
    }

    [SkippableFact]
    public async Task Kill_WhileAPrefixIsWrittenAndAResponseRunsInTheBackground_LeavesASoundFolderAndNothingInProgress()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Looks below /proc.");
        using var disk = new PrefixFolder();
        (string, string)[] settings =
        [
            ("Cache:DiskPath", disk.Path), ("Cache:DiskLimit", "1024"), ("Inference:KvCacheType", "q8_0"), ("Inference:Context", "8192"),
            ("Responses:Store", "true"), ("Responses:Path", Path.Combine(Path.GetDirectoryName(disk.Path)!, "responses.db")),
        ];
        var asked = new { prompt = string.Join(' ', Enumerable.Repeat(Chats.Words(3, 1), 200)), max_tokens = 8, temperature = 0 };
        string id;
        JsonElement first;
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            var engine = EngineOf(server);
            first = await PostAsync(server, "/v1/completions", asked);
            var created = await PostAsync(server, "/v1/responses", new { input = "Tell me a very long story.", background = true, max_output_tokens = 4000, ignore_eos = true });
            id = created.GetProperty("id").GetString()!;

            // What comes again is written when its request ends; the host is gone after the first files.
            var again = Task.Run(() => PostAsync(server, "/v1/completions", asked));
            Assert.True(await Task.Run(() => disk.WaitForWhole(2, TimeSpan.FromMinutes(1))), "Nothing is written.");
            ProcessSignal.Kill(server.Id);
            await server.WaitAsync();
            await AssertEndsAsync(engine);
            await again.ContinueWith(static _ => { }, TaskScheduler.Default);
        }

        Assert.Empty(disk.Verify().Faults);
        await using var next = await ServerProcess.StartAsync(settings);
        Assert.Empty(disk.Half);
        var response = await next.Client.GetFromJsonAsync<JsonElement>($"/v1/responses/{id}");
        Assert.Equal("failed", response.GetProperty("status").GetString());
        Assert.Equal("server_error", response.GetProperty("error").GetProperty("code").GetString());
        var answer = await PostAsync(next, "/v1/completions", asked);
        Assert.Equal(TextOf(first), TextOf(answer));
        Assert.InRange(answer.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32(), 128, int.MaxValue);
    }

    // As an operator restarts it: the first request with a known prefix is not computed. Under another type of KV the same folder holds nothing for it.
    [Fact]
    public async Task Terminate_AndStartAgain_TheFirstRequestWithAKnownPrefixComesFromDisk_ButNotUnderAnotherKvType()
    {
        using var disk = new PrefixFolder();
        (string, string)[] settings = [("Cache:DiskPath", disk.Path), ("Cache:DiskLimit", "1024"), ("Inference:Context", "8192")];
        var asked = new { prompt = Chats.List(0, 150), max_tokens = 8, temperature = 0, ignore_eos = true };
        JsonElement first;
        int numFiles;
        await using (var server = await ServerProcess.StartAsync([.. settings, ("Inference:KvCacheType", "q8_0")]))
        {
            first = await PostAsync(server, "/v1/completions", asked);
            await PostAsync(server, "/v1/completions", asked);
            numFiles = PromptTokens(first) / 64;
            Assert.True(await Task.Run(() => disk.WaitForWhole(numFiles, TimeSpan.FromMinutes(1))), "Nothing is written.");
            await EndAsync(server);
        }

        await using (var other = await ServerProcess.StartAsync([.. settings, ("Inference:KvCacheType", "f16")]))
        {
            Assert.Equal(0, CachedTokens(await PostAsync(other, "/v1/completions", asked)));
            var page = await ReadMetricsAsync(other);
            Assert.InRange(page.Sum("inference_cache_disk_dropped_total", ("reason", "foreign")), numFiles, numFiles + 1);
            Assert.Equal((0, 0), (page.Sum("inference_cache_hits_total", ("tier", "disk")), page.Sum("inference_cache_disk_read_bytes_total")));
            await EndAsync(other);
        }

        await using var again = await ServerProcess.StartAsync([.. settings, ("Inference:KvCacheType", "q8_0")]);
        var answer = await PostAsync(again, "/v1/completions", asked);
        Assert.InRange(CachedTokens(answer), PromptTokens(first) - 64, PromptTokens(first) - 1);
        Assert.Equal(TextOf(first), TextOf(answer));
        var counted = await ReadMetricsAsync(again);
        Assert.Equal(1, counted.Sum("inference_cache_hits_total", ("tier", "disk")));
        Assert.Equal(CachedTokens(answer), counted.Sum("inference_cache_tokens_restored_total", ("tier", "disk")));
    }

    private static async Task EndAsync(ServerProcess server)
    {
        server.Signal("TERM");
        Assert.Equal(0, (await server.WaitAsync()).Code);
    }

    private static async Task<MetricsPage> ReadMetricsAsync(ServerProcess server) => MetricsPage.Parse(await server.Client.GetStringAsync("/metrics"));

    private static int PromptTokens(JsonElement answer) => answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32();

    private static int CachedTokens(JsonElement answer) => answer.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();

    /// <summary>The engine's process of a server that is one itself.</summary>
    internal static int EngineOf(ServerProcess server) => Assert.Single(ChildrenOf(server.Id));

    private static string? TextOf(JsonElement completion) => completion.GetProperty("choices")[0].GetProperty("text").GetString();

    private static async Task<JsonElement> PostAsync(ServerProcess server, string path, object body)
    {
        using var response = await server.Client.PostAsJsonAsync(path, body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static async Task AssertEndsAsync(int engine)
    {
        var start = Stopwatch.GetTimestamp();
        while (Directory.Exists($"/proc/{engine}") && !IsZombie(engine))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(2), "The engine lives on without its host.");
            await Task.Delay(10);
        }
    }

    private static string ReadMaps(int process) => File.ReadAllText($"/proc/{process}/maps");

    private static int[] ChildrenOf(int process) =>
        [.. Directory.EnumerateDirectories($"/proc/{process}/task").SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(id => int.Parse(id, CultureInfo.InvariantCulture))];

    // Somebody else's to reap by then.
    private static bool IsZombie(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }
}
