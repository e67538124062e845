using InferenceServer.Inference.Engine;
using InferenceServer.Server.Doctor;
using InferenceServer.Server.Machines;
using InferenceServer.Telemetry.Power;

namespace InferenceServer.Server.Tests.Doctor;

/// <summary>How what was seen is judged.</summary>
public sealed class SelfTestTests
{
    private static readonly Chip Known = new() { Name = "M4 Max", Bandwidth = 546, Memory = ChipMemory.Apple, DecodeShare = (0.6, 0.8) };

    [Theory]
    [InlineData(false, null, 0.9, null, "NotApplicable")]
    [InlineData(true, 0, 0.9, null, "NotApplicable")]
    [InlineData(true, null, 0.9, null, "Passed")]
    [InlineData(true, null, 0.2, 40e9, "Failed")]
    [InlineData(true, null, null, 39e9, "Passed")]
    [InlineData(true, null, null, 3e9, "Failed")]
    [InlineData(true, null, null, null, "NotTried")]
    public void Gpu_ByWhatItDoesForTheServer(bool isThere, int? gpuLayers, double? share, double? memory, string verdict)
    {
        FoundDevice[] devices = [new("CPU", "Apple M4 Max", IsGpu: false, 0, 0), new("MTL0", "Apple M4 Max", IsGpu: true, 0, 0)];
        Assert.Equal(verdict, SelfTest.JudgeGpu(isThere ? devices : devices[..1], gpuLayers, share, memory, 40e9).Verdict.ToString());
    }

    [Theory]
    [InlineData(0.7, 40e9, "Passed", "70 % of the roofline; others saw 60 to 80 %")]
    [InlineData(0.5, 40e9, "Failed", "50 % of the roofline; others saw 60 to 80 %")]
    [InlineData(0.2, 1e9, "Measured", "too small")]
    [InlineData(0.2, null, "Measured", "too small")]
    [InlineData(null, 40e9, "Measured", "12.3 tok/s at 1,024 tokens; what")]
    public void Rate_OfALargeModelOnAKnownChip_IsComparedWithWhatOthersSaw(double? share, double? weights, string verdict, string seen)
    {
        var claim = SelfTest.JudgeRate("rate", DecodeMeasurements.Of(1024, 12.3), share, weights, Known);
        Assert.Equal(verdict, claim.Verdict.ToString());
        Assert.Contains(seen, claim.Seen, StringComparison.Ordinal);
    }

    [Fact]
    public void Rate_OnAnUnknownChip_IsANumberOnly() =>
        Assert.Equal(ClaimVerdict.Measured, SelfTest.JudgeRate("rate", DecodeMeasurements.Of(1024, 12.3), 0.1, 40e9, chip: null).Verdict);

    [Theory]
    [InlineData(240, 1.0, 1.1, "Passed")]
    [InlineData(240, 1.0, 1.3, "Failed")]
    [InlineData(1, 1.0, 9.0, "NotTried")]
    public void Idle_LongEnough_IsHeldToTheWarmTime(int seconds, double warm, double idle, string verdict) =>
        Assert.Equal(verdict, SelfTest.JudgeIdle(TimeSpan.FromSeconds(seconds), warm, idle).Verdict.ToString());

    [Theory]
    [InlineData(nameof(ChannelFault.NotFound), "NotApplicable")]
    [InlineData(nameof(ChannelFault.NotSupported), "NotApplicable")]
    [InlineData(nameof(ChannelFault.NotEnabled), "NotTried")]
    [InlineData(nameof(ChannelFault.Permission), "Failed")]
    public void Power_OfAProviderThatCannotBeRead_SaysWhy(string fault, string verdict)
    {
        var claim = Assert.Single(SelfTest.JudgePower([new ProbedProvider("rapl", Enum.Parse<ChannelFault>(fault), "why", [])]));
        Assert.Equal(("Power by rapl", verdict, "why"), (claim.Name, claim.Verdict.ToString(), claim.Seen));
    }

    [Fact]
    public void Power_OfEachChannel_IsAClaimWithItsSamples()
    {
        var channel = new PowerChannel { Id = "ioreport/gpu", Type = "gpu", Name = "GPU", Quantity = PowerQuantity.Power };
        var claims = SelfTest.JudgePower([new ProbedProvider("ioreport", ChannelFault.None, null,
        [
            Probe(new ProbedSample(0, ChannelFault.Starting), new ProbedSample(12.5, ChannelFault.None)),
            Probe(new ProbedSample(0, ChannelFault.Stalled)),
            Probe(),
        ])]).ToList();
        Assert.Equal([ClaimVerdict.Passed, ClaimVerdict.Failed, ClaimVerdict.Failed], claims.Select(claim => claim.Verdict));
        Assert.Equal(["starting, 12.5", "stalled", "no sample came"], claims.Select(claim => claim.Seen));

        ProbedChannel Probe(params IReadOnlyList<ProbedSample> samples) => new(channel, samples);
    }
}
