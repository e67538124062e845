using InferenceServer.Server.Measuring;
using InferenceServer.Server.OpenAi;
using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.Attribution;
using InferenceServer.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace InferenceServer.Server.Tests.Measuring;

public sealed class EnergyAccountTests : IDisposable
{
    private static readonly PowerChannel Gpu = new() { Id = "nvml/a", Type = "gpu", Name = "a", Quantity = PowerQuantity.Energy, Boundary = EnergyBoundary.Gpu };
    private static readonly PowerChannel Host = new() { Id = "smc/system", Type = "host", Name = "System", Quantity = PowerQuantity.Power, Boundary = EnergyBoundary.System };

    private readonly EnergyLedger _ledger = new();
    private readonly SysfsTree _tree = new();

    public EnergyAccountTests()
    {
        _ledger.Register(Gpu);
        _ledger.Register(Host);
    }

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void Request_OfTwoAnswers_AddsThemAndKeepsSourcesApart()
    {
        var account = new EnergyAccount(_ledger);
        account.Open(1);
        account.Open(2);
        _ledger.AddStep(0, 1, [new(1, true, 1, 1), new(2, false, 1, 1)]);
        _ledger.AddWindow(Gpu, new EnergyWindow(0, 1, 30), now: 1);
        _ledger.AddWindow(Host, new EnergyWindow(0, 1, 50), now: 1);

        var expected = new EnergyTimings
        {
            Gpu = new SourceEnergy { PrefillJoules = 15, DecodeJoules = 15, MeasuredMs = 1000 },
            Cpu = null,
            System = new SourceEnergy { PrefillJoules = 25, DecodeJoules = 25, MeasuredMs = 1000 },
        };
        Assert.Equal(expected, account.Close());

        // Whoever asks twice, or later, gets the same.
        _ledger.AddStep(1, 2, [new(1, false, 1, 1)]);
        _ledger.AddWindow(Gpu, new EnergyWindow(1, 2, 30), now: 2);
        Assert.Equal(expected, account.Close());
        Assert.Equal(0, _ledger.NumOpen);
    }

    [Fact]
    public void Request_OverBeforeAnythingWasPublished_HasNone()
    {
        var account = new EnergyAccount(_ledger);
        account.Open(1);
        _ledger.AddStep(0, 0.2, [new(1, false, 1, 1)]);
        Assert.Null(account.Close());

        // What comes later is the machine's, and nobody's request.
        _ledger.AddWindow(Gpu, new EnergyWindow(0, 1, 30), now: 1);
        Assert.Null(account.Close());
        Assert.Equal(30, _ledger.GetTotals(EnergyBoundary.Gpu).All, 6);
    }

    [Theory]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}],"n":2}""")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}],"stream":true}""")]
    [InlineData("/v1/completions", """{"prompt":["Hi","Ho"]}""")]
    [InlineData("/v1/completions", """{"prompt":["Hi","Ho"],"n":3}""")]
    [InlineData("/v1/responses", """{"input":"Hi"}""")]
    [InlineData("/v1/responses", """{"input":"Hi","background":true}""")]
    [InlineData("/v1/messages", """{"max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("/api/chat", """{"model":"any","messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("/completion", """{"prompt":"Hi"}""")]
    public async Task Accounts_OfEveryKindOfRequest_AreClosed(string path, string body)
    {
        _tree.Write("class/powercap/intel-rapl:0/name", "package-0");
        _tree.Write("class/powercap/intel-rapl:0/energy_uj", 0);
        await using var app = await TestApp.StartAsync(new FakeEngine { Capacity = 5 }, ("Power:Enabled", "true"), ("Power:SysFolder", _tree.Root));
        var ledger = app.Services.GetRequiredService<EnergyLedger>();
        await TestApp.UntilAsync(() => ledger.IsUsed);
        for (var i = 0; i < 3; i++)
        {
            // The last of them are refused when some of their answers were taken already.
            (await app.PostAsync(path, body)).Dispose();
        }

        Assert.NotEmpty(app.Engine.Generations);
        await TestApp.UntilAsync(() => ledger.NumOpen == 0);
    }
}
