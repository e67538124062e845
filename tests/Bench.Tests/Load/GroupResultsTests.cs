using InferenceServer.Bench.Load;

namespace InferenceServer.Bench.Tests.Load;

public sealed class GroupResultsTests
{
    private static readonly ServiceObjective Objective = new(MaxTtft: 1.0, MaxGap: 0.25);

    [Fact]
    public void Summarize_TwoStreams_MeasuresFromTheirOwnTimes()
    {
        var results = new GroupResults("g", [Call(0, 0.5, 0.6, 0.7), Call(0, 0.6, 0.7, 1.2)]);
        var summary = results.Summarize(Objective);
        Assert.Equal(0.55, summary.TtftP50, 9);
        Assert.Equal(0.5, summary.GapMax, 9);
        Assert.Equal(0.6, summary.AllStarted, 9);
        Assert.Equal(6 / 1.2, summary.TokensPerSecond, 9);
        Assert.Equal(2 / 0.1, summary.DecodeTokensPerSecond, 6); // both stream between 0.6 and 0.7
        Assert.Equal(1 / 1.2, summary.Goodput, 9);               // the second paused for half a second
    }

    [Fact]
    public void Summarize_Refusals_CountApartFromAnswers()
    {
        var refused = Call(1) with { Outcome = CallOutcome.Refused, EndedAt = 1.004, HasRetryAfter = true };
        var summary = new GroupResults("g", [Call(0, 0.5), refused]).Summarize(Objective);
        Assert.Equal(1, summary.Refused);
        Assert.Equal(0, summary.RefusedWithoutRetryAfter);
        Assert.Equal(0.004, summary.RefusalP50, 9);
        Assert.Equal(0.5, summary.TtftMax, 9);
    }

    private static CallResult Call(double sentAt, params double[] contentAt) => new()
    {
        Outcome = CallOutcome.Completed,
        SentAt = sentAt,
        EndedAt = contentAt.LastOrDefault(),
        ContentAt = contentAt,
        CompletionTokens = contentAt.Length,
    };
}
