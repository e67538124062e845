using System.Diagnostics;
using System.Globalization;
using InferenceServer.Integration.Tests.Clients;

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
        var engine = Assert.Single(ChildrenOf(server.Id));
        Assert.Contains("libllama", ReadMaps(engine), StringComparison.Ordinal);
        Assert.DoesNotContain("libllama", ReadMaps(server.Id), StringComparison.Ordinal);
        Assert.DoesNotContain("libggml", ReadMaps(server.Id), StringComparison.Ordinal);

        server.Signal("KILL");
        await server.WaitAsync();
        var killed = Stopwatch.GetTimestamp();
        while (Directory.Exists($"/proc/{engine}") && !IsZombie(engine))
        {
            Assert.True(Stopwatch.GetElapsedTime(killed) < TimeSpan.FromSeconds(2), "The engine lives on without its host.");
            await Task.Delay(10);
        }
    }

    [SkippableFact]
    public async Task Signals_ToTheWholeGroup_LetTheHostDrain()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Looks below /proc.");
        await using var server = await ServerProcess.StartAsync();
        var engine = Assert.Single(ChildrenOf(server.Id));
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
