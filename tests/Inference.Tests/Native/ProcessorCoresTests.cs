using InferenceServer.Inference.Native;

namespace InferenceServer.Inference.Tests.Native;

public sealed class ProcessorCoresTests
{
    [Fact]
    public void CountDistinct_TwoThreadsPerCore_CountsCores()
    {
        Assert.Equal(2, ProcessorCores.CountDistinct(["0,2\n", "1,3\n", "0,2\n", "1,3\n"], null));
        Assert.Equal(2, ProcessorCores.CountDistinct(["0-1", "0-1", "2-3", "2-3"], null));
        Assert.Equal(3, ProcessorCores.CountDistinct(["0", "1", "2"], null));
    }

    [Fact]
    public void CountDistinct_TwoKindsOfCore_CountsTheFastOnes() =>
        Assert.Equal(2, ProcessorCores.CountDistinct(["0-1", "0-1", "2-3", "2-3", "4", "5", "6", "7"], "0-3\n"));

    [Fact]
    public void Count_ThisMachine_IsWithinWhatTheProcessMayUse() => Assert.InRange(ProcessorCores.Count(), 1, Environment.ProcessorCount);
}
