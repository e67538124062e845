using InferenceServer.Bench.Commands;
using InferenceServer.Bench.Micro;

namespace InferenceServer.Bench.Tests.Micro;

public sealed class AllocationCheckTests
{
    [Fact]
    public void Run_EveryOperation_StaysWithinItsBudget() => Assert.Empty(AllocationCheck.Run(ModelOption.FindDefault()));
}
