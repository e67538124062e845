using InferenceServer.Inference.Grammar;

namespace InferenceServer.Inference.Tests.Grammar;

public sealed class CompileBudgetTests
{
    [Fact]
    public void Spend_AfterTheTimeIsOver_SaysSoAndWhere()
    {
        var clock = new HandClock();
        var budget = new CompileBudget(clock);
        clock.Elapsed = GrammarLimits.MaxCompileTime;
        SpendMuch(budget);
        clock.Elapsed += TimeSpan.FromMilliseconds(1);

        var exception = Assert.Throws<GrammarException>(() => SpendMuch(budget));

        Assert.Equal(new GrammarError(GrammarErrorKind.TooComplex, "Compiling took longer than 3 s.", "properties.a"), exception.Error);
    }

    private static void SpendMuch(CompileBudget budget)
    {
        for (var i = 0; i < 5_000; i++)
        {
            budget.SpendText(1, "properties.a");
        }
    }

    private sealed class HandClock : TimeProvider
    {
        public TimeSpan Elapsed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}
