using System.Net;
using System.Text.Json;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Engine;
using InferenceServer.Server.Tests.Endpoints;
using InferenceServer.Server.Web;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Web;

/// <summary>What <c>/snapshots</c> tells, and whom.</summary>
public sealed class SnapshotStreamTests
{
    [Fact]
    public async Task Stream_OfABusyEngine_TellsItsNumbersAndNoZeroForWhatIsMissing()
    {
        var engine = new FakeEngine
        {
            Stats = new EngineStats { NumRunning = 2, NumWaiting = 3, NumQueued = 1, NumCells = 1000, NumUsedCells = 250, NumCachedCells = 100, NumOutputTokens = 10 },
            Map = [new KvSpan(7, 100, 150, 1), new KvSpan(null, 0, 100, 2), new KvSpan(null, 0, 100, 0)],
        };
        await using var app = await TestApp.StartAsync(engine, TimeProvider.System);
        var snapshots = await ReadAsync(app, 2, then: () => engine.Stats = engine.Stats with { NumOutputTokens = 1010 });
        var first = snapshots[0];
        Assert.Equal("ready", first.GetProperty("state").GetString());
        Assert.Equal((2, 4, 8), (first.GetProperty("running").GetInt32(), first.GetProperty("waiting").GetInt32(), first.GetProperty("parallel").GetInt32()));
        var kv = first.GetProperty("kv");
        Assert.Equal((1000, 250, 100), (kv.GetProperty("cells").GetInt32(), kv.GetProperty("used").GetInt32(), kv.GetProperty("cached").GetInt32()));
        Assert.Equal(
            """[{"request_id":7,"start":100,"num_cells":150,"num_users":1},{"request_id":null,"start":0,"num_cells":100,"num_users":2},{"request_id":null,"start":0,"num_cells":100,"num_users":0}]""",
            kv.GetProperty("spans").GetRawText());
        Assert.InRange(snapshots[1].GetProperty("tokens_per_second").GetDouble(), 200, 2000);

        // Nothing decoded, no stream paused, and power is switched off in these tests.
        Assert.Equal(JsonValueKind.Null, first.GetProperty("gap_p99_ms").ValueKind);
        Assert.Equal(JsonValueKind.Null, first.GetProperty("mbu").GetProperty("value").ValueKind);
        Assert.NotEqual("", first.GetProperty("mbu").GetProperty("reason").GetString());
        Assert.All(
            first.GetProperty("watts").EnumerateArray().Concat(first.GetProperty("joules_per_token").EnumerateArray()),
            reading => Assert.Equal((JsonValueKind.Null, JsonValueKind.String), (reading.GetProperty("value").ValueKind, reading.GetProperty("reason").ValueKind)));
        var process = first.GetProperty("memory").EnumerateArray().Single(reading => reading.GetProperty("name").GetString() == "This process");
        Assert.InRange(process.GetProperty("value").GetDouble(), 1e6, 1e11);
    }

    [Fact]
    public async Task Watts_OfAMachineThatTellsThem_HaveNamesForPeople()
    {
        using var tree = new SysfsTree();
        foreach (var zone in new[] { 0, 1 })
        {
            tree.Write($"class/powercap/intel-rapl:{zone}/name", $"package-{zone}");
            tree.Write($"class/powercap/intel-rapl:{zone}/energy_uj", 0);
        }

        tree.Write("class/hwmon/hwmon0/name", "power_meter");
        tree.Write("class/hwmon/hwmon0/power1_average", 61_500_000);
        foreach (var card in new[] { 1, 2 })
        {
            tree.Write($"class/hwmon/hwmon{card}/name", "amdgpu");
            tree.Write($"class/hwmon/hwmon{card}/power1_average", card * 100_000_000);
        }

        await using var app = await TestApp.StartAsync(new FakeEngine(), TimeProvider.System, ("Power:Enabled", "true"), ("Power:SysFolder", tree.Root), ("Power:IntervalMs", "100"));
        var snapshot = (await ReadAsync(app, 4))[^1];
        var watts = snapshot.GetProperty("watts").EnumerateArray().ToDictionary(reading => reading.GetProperty("name").GetString()!, reading => reading.GetProperty("value"));
        Assert.Equal(61.5, watts["Whole machine (power_meter)"].GetDouble());
        Assert.Equal(100, watts["amdgpu (hwmon/amdgpu-hwmon1)"].GetDouble());
        Assert.Equal(200, watts["amdgpu (hwmon/amdgpu-hwmon2)"].GetDouble());
        Assert.Equal(0, watts["package-0"].GetDouble()); // its counter stands still, and nobody says that it works
        Assert.Equal(["GPU", "Processor", "Whole machine"], snapshot.GetProperty("joules_per_token").EnumerateArray().Select(reading => reading.GetProperty("name").GetString()!));
        Assert.All(snapshot.GetProperty("joules_per_token").EnumerateArray(), reading => Assert.Equal("no_tokens", reading.GetProperty("reason").GetString()));
    }

    [Fact]
    public async Task Stream_WithoutTheKey_IsRefused()
    {
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"));
        using var response = await app.Client.GetAsync("/snapshots");
        await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.Unauthorized, "invalid_api_key");
    }

    [Fact]
    public async Task Stream_AfterAChat_HoldsNoTextOfIt()
    {
        var engine = new FakeEngine { Stats = new EngineStats { NumCells = 100 } };
        await using var app = await TestApp.StartAsync(engine, TimeProvider.System);
        (await app.ChatAsync("""{"messages":[{"role":"user","content":"Marzipan"}],"stream":true}""")).Dispose();
        var snapshot = (await ReadAsync(app, 1))[0].GetRawText();
        Assert.DoesNotContain("Marzipan", snapshot, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Paris", snapshot, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Server_ThatStops_DoesNotWaitForWatchers()
    {
        var app = await TestApp.StartAsync(new FakeEngine(), TimeProvider.System);
        using var client = new HttpClient();
        await using var stream = await client.GetStreamAsync(new Uri(app.Address + "/snapshots"));
        await app.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Gaps_OldAndNew_OnlyRecentOnesCount()
    {
        var clock = new ManualClock();
        var gaps = new GapWindow(clock);
        Assert.Null(gaps.Percentile99());
        gaps.Add(9);
        clock.Advance(20);
        for (var i = 1; i <= 100; i++)
        {
            gaps.Add(i / 1000.0);
        }

        Assert.Equal(0.099, gaps.Percentile99());
    }

    private static async Task<List<JsonElement>> ReadAsync(TestApp app, int count, Action? then = null)
    {
        var snapshots = new List<JsonElement>();
        using var reader = new StreamReader(await app.Client.GetStreamAsync("/snapshots"));
        while (snapshots.Count < count && await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                snapshots.Add(JsonElement.Parse(line["data: ".Length..]));
                then?.Invoke();
            }
        }

        return snapshots;
    }
}
