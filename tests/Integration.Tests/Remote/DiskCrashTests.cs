using InferenceServer.Integration.Tests.Clients;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>The engine's process is killed while it writes prefixes to disk.</summary>
[Collection(ClientCollection.Name)]
public sealed class DiskCrashTests
{
    private const int MaxTries = 6;

    [SkippableFact]
    public async Task Kill_WhileAPrefixIsWritten_ChangesNothingThatClientsSee_AndWhatIsWholeIsUsed()
    {
        Skip.If(OperatingSystem.IsWindows(), "Halts the process by a signal.");
        using var disk = new PrefixFolder();
        await using var server = await RunningServer.StartAsync(
            ("Engine:Isolation", "process"), ("Inference:KvCacheType", "q8_0"), ("Inference:Context", "8192"), ("Cache:DiskPath", disk.Path), ("Server:PingIntervalMs", "100"));
        var streamed = Completion(Chats.List(0, 10), maxTokens: 96);
        var expected = await ReadAsync(server, streamed, "a");

        // A prompt that comes again is written when its request ends: beside the stream. A file takes some milliseconds.
        var wasHit = false;
        for (var i = 1; i <= MaxTries && !wasHit; i++)
        {
            var asked = Completion(string.Join(' ', Enumerable.Repeat(Chats.Words(3, i), 200)), maxTokens: 4);
            var first = await ReadAsync(server, asked, "a");
            var numWhole = disk.NumWhole;
            var killing = Task.CompletedTask;
            var answer = await ReadAsync(server, streamed, $"b{i}", count =>
            {
                if (count == 5)
                {
                    killing = Task.WhenAll(ReadAsync(server, asked, "a"), Task.Run(() => wasHit = KillInMidFile(server, disk, numWhole + 2)));
                }
            });
            await killing;

            Assert.Equal((expected.Text, "length"), (answer.Text, answer.FinishReason));
            if (wasHit)
            {
                var again = await ReadAsync(server, asked, "a");
                Assert.Equal(first.Text, again.Text);
                Assert.InRange(again.Usage!.Value.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32(), 128, int.MaxValue);
                Assert.InRange(server.Stats.Disk.NumRestoredTokens, 128, int.MaxValue);
            }
        }

        Assert.True(wasHit, $"Of {MaxTries} prompts none was seen while it was written.");
        await server.WaitUntilIdleAsync();
        Assert.Empty(disk.Half);
        Assert.Empty(disk.Verify().Faults);
    }

    // Halts the process to be sure of where it is: a file was begun and is not whole.
    private static bool KillInMidFile(RunningServer server, PrefixFolder disk, int minWhole)
    {
        var process = server.EngineProcessId!.Value;
        var patience = TimeSpan.FromSeconds(20);
        if (!disk.WaitForWhole(minWhole, patience))
        {
            return false;
        }

        for (var numQuiet = 0; numQuiet < 200;)
        {
            if (disk.Half.Count == 0)
            {
                numQuiet++;
                Thread.Sleep(1);
                continue;
            }

            ProcessSignal.Stop(process);
            Thread.Sleep(5);
            if (disk.Half.Count > 0)
            {
                ProcessSignal.Kill(process);
                return true;
            }

            ProcessSignal.Continue(process);
        }

        return false;
    }

    private static Dictionary<string, object?> Completion(string prompt, int maxTokens) => new()
    {
        ["prompt"] = prompt,
        ["max_tokens"] = maxTokens,
        ["ignore_eos"] = true,
        ["temperature"] = 0,
    };

    private static Task<StreamedAnswer> ReadAsync(RunningServer server, Dictionary<string, object?> body, string salt, Action<int>? onDelta = null) =>
        StreamedAnswer.ReadAsync(server, new(body) { ["cache_salt"] = salt }, onDelta, "/v1/completions");
}
