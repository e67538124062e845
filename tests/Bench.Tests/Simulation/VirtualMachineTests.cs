using InferenceServer.Bench.Simulation;

namespace InferenceServer.Bench.Tests.Simulation;

public sealed class VirtualMachineTests
{
    private static readonly MixedTrafficSettings Hour = new() { DurationMs = 3_600_000 };

    [Fact]
    public void Run_MixedTraffic_AnswersAllWithoutIdleSteps()
    {
        var result = Run(new VirtualMachineSettings());
        Assert.Equal(0, result.NumIdleSteps);
        Assert.All(result.Requests, request => Assert.Equal(request.MaxOutput, request.NumOutputTokens));
        Assert.All(Enum.GetValues<TrafficKind>(), kind => Assert.NotEmpty(result.Of(kind)));
    }

    [Fact]
    public void Run_MixedTraffic_KeepsPausesWithinFourDecodeSteps()
    {
        var gaps = Run(new VirtualMachineSettings()).Requests.SelectMany(request => request.Gaps);
        Assert.True(gaps.Max() <= 4 * DeviceCosts.Large.StepMs);
    }

    [Fact]
    public void Run_FewTokensAreDear_AnswersMoreByComputingPromptsInSlices()
    {
        var costs = DeviceCosts.Large with { SmallStepFactor = 2 };
        var sliced = Run(new VirtualMachineSettings(), costs);
        var inRows = Run(new VirtualMachineSettings { MaxSlicedTokens = 0 }, costs);

        Assert.True(sliced.Requests.SelectMany(request => request.Gaps).Max() <= 4 * DeviceCosts.Large.StepMs);
        Assert.All(
            Enum.GetValues<TrafficKind>(),
            kind => Assert.True(MeanWait(sliced.Of(kind)) < 0.8 * MeanWait(inRows.Of(kind)), $"{kind}: {MeanWait(sliced.Of(kind))} and {MeanWait(inRows.Of(kind))} ms."));
    }

    [Fact]
    public void Run_FewTokensAreAsCheapAsMany_ComputesPromptsInTheStreamsSteps()
    {
        var first = Run(new VirtualMachineSettings());
        var second = Run(new VirtualMachineSettings { MaxSlicedTokens = 0 });
        Assert.Equal(first.Requests.Select(request => request.FirstTokenAt), second.Requests.Select(request => request.FirstTokenAt));
    }

    [Fact]
    public void Run_SameSeed_GivesSameFigures()
    {
        var first = Run(new VirtualMachineSettings());
        var second = Run(new VirtualMachineSettings());
        Assert.Equal(first.ElapsedMs, second.ElapsedMs);
        Assert.Equal(first.Requests.Select(request => request.FirstTokenAt), second.Requests.Select(request => request.FirstTokenAt));
    }

    [Fact]
    public void Run_WithoutChunking_PausesStreamsForWholePrompts()
    {
        var longestGap = (VirtualMachineSettings settings) => Run(settings).Requests.SelectMany(request => request.Gaps).Max();
        Assert.True(longestGap(new VirtualMachineSettings { IsChunking = false }) > 10 * longestGap(new VirtualMachineSettings()));
    }

    [Fact]
    public void Run_WithoutReuse_ComputesEveryPromptWhole()
    {
        Assert.All(Run(new VirtualMachineSettings { IsReusingPrefixes = false }).Requests, request => Assert.Equal(0, request.NumCachedTokens));
        Assert.Contains(Run(new VirtualMachineSettings()).Requests, request => request.NumCachedTokens >= Hour.AgentSystemTokens);
    }

    private static double MeanWait(IEnumerable<SimulatedRequest> requests) => requests.Average(request => request.FirstTokenAt - request.ArrivesAt);

    private static SimulationResult Run(VirtualMachineSettings settings, DeviceCosts? costs = null) =>
        new VirtualMachine(costs ?? DeviceCosts.Large, new MixedTraffic(Hour), settings).Run();
}
