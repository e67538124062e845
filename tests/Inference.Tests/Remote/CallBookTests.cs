using InferenceServer.Inference.Remote;
using InferenceServer.Inference.Remote.Frames;

namespace InferenceServer.Inference.Tests.Remote;

public sealed class CallBookTests
{
    private readonly List<(FrameKind Kind, long Call)> _sent = [];
    private readonly CallBook _calls;

    public CallBookTests() => _calls = new CallBook(Sent);

    [Fact]
    public async Task Call_IsSentOnce_AndGetsItsResult()
    {
        _calls.Attach();
        var (first, second) = (Call(), Call());
        Assert.Equal([(FrameKind.Map, 1), (FrameKind.Map, 2)], _sent);

        _calls.Complete(new CallResult(2, CallOutcome.Tokens, "two"));
        _calls.Complete(new CallResult(1, CallOutcome.Tokens, "one"));

        Assert.Equal(("one", "two"), ((await first).Value, (await second).Value));
        Assert.Equal(0, _calls.Count);
    }

    [Fact]
    public async Task Call_WhileThereIsNoProcess_WaitsForOne()
    {
        var call = Call();
        Assert.Empty(_sent);

        _calls.Attach();
        _calls.Complete(new CallResult(1, CallOutcome.Tokens, "one"));

        Assert.Equal("one", (await call).Value);
        Assert.Equal([(FrameKind.Map, 1)], _sent);
    }

    [Fact]
    public async Task Call_ThatAProcessLeavesWithoutResult_GoesToTheNext()
    {
        _calls.Attach();
        var call = Call();
        _calls.Detach();
        Assert.False(call.IsCompleted);

        _calls.Attach();
        _calls.Complete(new CallResult(1, CallOutcome.Tokens, "one"));
        _calls.Complete(new CallResult(1, CallOutcome.Tokens, "again"));

        Assert.Equal("one", (await call).Value);
        Assert.Equal([(FrameKind.Map, 1), (FrameKind.Map, 1)], _sent);
    }

    [Fact]
    public async Task Call_ThatTwoProcessesLeaveWithoutResult_Fails_AndTheOthersDoNot()
    {
        _calls.Attach();
        var call = Call();
        _calls.Detach();
        _calls.Attach();
        var later = Call();
        _calls.Detach();

        Assert.Equal(CallOutcome.Failed, (await call).Outcome);
        Assert.False(later.IsCompleted);
        _calls.Attach();
        Assert.Equal([(FrameKind.Map, 1), (FrameKind.Map, 1), (FrameKind.Map, 2), (FrameKind.Map, 2)], _sent);
    }

    [Fact]
    public async Task Call_ThatNobodyWaitsFor_IsCancelledThere_AndNotSentAgain()
    {
        _calls.Attach();
        using var leaving = new CancellationTokenSource();
        var call = Call(leaving.Token);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        _calls.Complete(new CallResult(1, CallOutcome.Tokens, "too late"));
        _calls.Detach();
        _calls.Attach();

        Assert.Equal([(FrameKind.Map, 1), (FrameKind.Cancel, 1)], _sent);
    }

    [Fact]
    public async Task Close_EndsWhatWaits_AndWhatComesAfter()
    {
        var call = Call();

        _calls.Close();

        Assert.Equal(CallOutcome.Unavailable, (await call).Outcome);
        Assert.Equal(CallOutcome.Unavailable, (await Call()).Outcome);
        Assert.Empty(_sent);
    }

    private Task<CallResult> Call(CancellationToken cancellationToken = default) =>
        _calls.CallAsync(static (writer, call) => CallFrames.WriteNumber(writer, FrameKind.Map, call), cancellationToken);

    private void Sent(ReadOnlyMemory<byte> frame)
    {
        var source = new FrameSource(new MemoryStream(frame.ToArray()));
        Assert.True(source.TryReceive(out var kind, out var payload));
        var reader = new FrameReader(payload);
        _sent.Add((kind, CallFrames.ReadNumber(ref reader)));
    }
}
