using InferenceServer.Bench.Soak;

namespace InferenceServer.Bench.Tests.Soak;

public sealed class AccountingTests
{
    private static readonly ClientCounts Clients = new(Answered: 100, Failed: 2, Left: 10, LeftAdmitted: 4);

    [Theory]
    [InlineData(100, 10, 2)] // all that left were taken, and none had ended
    [InlineData(104, 0, 2)] // those known to be taken had ended, the others were not taken
    public void Check_OfCountsThatMayBe_FindsNothing(long finished, long aborted, long failed) =>
        Assert.Empty(Accounting.Check(Clients, new ServerCounts(finished, aborted, failed)));

    [Theory]
    [InlineData(99, 10, 2)] // an answer came that the server does not know
    [InlineData(111, 0, 2)] // an answer that nobody got
    [InlineData(100, 11, 2)] // more ends than requests
    [InlineData(100, 3, 2)] // one that was taken has no end
    [InlineData(100, 10, 3)] // an error that nobody was told of
    public void Check_OfCountsThatCannotBe_SaysSo(long finished, long aborted, long failed) =>
        Assert.NotEmpty(Accounting.Check(Clients, new ServerCounts(finished, aborted, failed)));
}
