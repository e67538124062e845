using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Cache.Disk;

namespace InferenceServer.Inference.Tests.Cache.Disk;

public sealed class WriteBudgetTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void LeftAt_AfterWrites_FlowsBackInADay()
    {
        var budget = new WriteBudget(2400, Noon, saved: null);
        budget.Take(2000);

        Assert.Equal(400, budget.LeftAt(Noon));
        Assert.Equal(500, budget.LeftAt(Noon.AddHours(1)));
        Assert.Equal(2400, budget.LeftAt(Noon.AddDays(3)));
    }

    [Fact]
    public void New_AfterARestart_GoesOnWhereItWas()
    {
        var budget = new WriteBudget(2400, Noon, saved: null);
        budget.Take(2000);
        budget.LeftAt(Noon);

        Assert.Equal(500, new WriteBudget(2400, Noon.AddHours(1), budget.Save()).LeftAt(Noon.AddHours(1)));
        Assert.Equal(400, new WriteBudget(2400, Noon.AddHours(-1), budget.Save()).LeftAt(Noon.AddHours(-1)));
        Assert.Equal(100, new WriteBudget(100, Noon, budget.Save()).LeftAt(Noon));
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday 7")]
    [InlineData("2030-01-01T12:00:00.0000000+00:00 NaN")]
    [InlineData("2030-01-01T12:00:00.0000000+00:00")]
    public void New_TextThatIsNone_IsAWholeDays(string saved) =>
        Assert.Equal(2400, new WriteBudget(2400, Noon, saved).LeftAt(Noon));

    [Theory]
    [InlineData(1, 1500, 100, 2000, false, true)] // long
    [InlineData(1, 1500, 100, 2000, true, false)] // long, but the budget runs out
    [InlineData(1, 1500, 100, 900, false, false)] // long, but quick to compute
    [InlineData(1, 1000, 100, 2000, false, false)] // asked for once
    [InlineData(2, 100, 100, 200, true, true)] // asked for again
    [InlineData(2, 100, 100, 50, false, false)] // asked for again, but cheap
    [InlineData(2, 1500, 3, 2000, false, false)] // reading it takes as long as computing it
    public void IsWorth_Span_ByCostAndUse(int numUses, int conversationTokens, double spanMs, double conversationMs, bool isScarce, bool isWorth)
    {
        var span = new SavedSpan(PrefixName.Root("f", null), 0, new int[64], new byte[1 << 20]) { NumUses = numUses };

        Assert.Equal(isWorth, new WriteRule().IsWorth(span, conversationTokens, spanMs, conversationMs, isScarce));
    }
}
