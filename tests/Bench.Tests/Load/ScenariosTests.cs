using InferenceServer.Bench.Load;

namespace InferenceServer.Bench.Tests.Load;

public sealed class ScenariosTests
{
    [Fact]
    public void Create_EveryName_RefersOnlyToGroupsItHas()
    {
        foreach (var name in Scenarios.Names)
        {
            var scenario = Scenarios.Create(name, seed: 1);
            var earlier = new HashSet<string>();
            foreach (var stage in scenario.Stages)
            {
                var groups = stage.Select(client => client.Group).ToHashSet();
                Assert.All(stage, client => Assert.True(client.Start.AfterGroup is not { } group || groups.Contains(group)));
                Assert.All(stage, client => Assert.True(client.Abort is not { } abort || earlier.Contains(abort.MeasuredGroup)));
                earlier.UnionWith(groups);
            }
        }
    }

    [Fact]
    public void Create_OtherSeed_SharesNoPrompt()
    {
        static IEnumerable<string> Prompts(int seed) =>
            Scenarios.Names.SelectMany(name => Scenarios.Create(name, seed).Stages).SelectMany(stage => stage).SelectMany(client => client.Turns);
        Assert.Equal(Prompts(1), Prompts(1));
        Assert.Empty(Prompts(1).Intersect(Prompts(2)));
    }
}
