using System.Net.Http.Headers;
using InferenceServer.Server.Downloads;

namespace InferenceServer.Server.Tests.Downloads;

public sealed class RetryPolicyTests
{
    private static readonly DownloadOptions Options = new() { MaxFailures = 4, FirstDelay = TimeSpan.FromSeconds(1), MaxDelay = TimeSpan.FromSeconds(30) };

    private readonly ManualClock _clock = new();
    private readonly DownloadProgress _progress = new();
    private int _round;

    [Fact]
    public void TryAgain_FailuresInARow_WaitLongerAndSaySo()
    {
        var policy = new RetryPolicy(Options, _clock, _progress);
        foreach (var seconds in new[] { 1, 2, 4 })
        {
            Assert.True(policy.TryAgain(_round++, "it broke", null));
            Assert.Equal($"it broke; trying again in {seconds} s, attempt {_round + 1} of 4", _progress.Trouble);
            Assert.Equal(TimeSpan.FromSeconds(seconds), DelayOf(policy));
        }

        policy.Succeed();
        Assert.Null(_progress.Trouble);
    }

    [Fact]
    public void TryAgain_TooManyFailuresInARow_GivesUp()
    {
        var policy = new RetryPolicy(Options, _clock, _progress);
        for (; _round < 3; _round++)
        {
            Assert.True(policy.TryAgain(_round, "it broke", null));
        }

        Assert.False(policy.TryAgain(_round, "it broke", null));
    }

    [Fact]
    public void Succeed_AfterFailures_ForgetsThem()
    {
        var policy = new RetryPolicy(Options, _clock, _progress);
        policy.TryAgain(0, "it broke", null);
        policy.TryAgain(1, "it broke", null);
        policy.Succeed();
        Assert.True(policy.TryAgain(2, "it broke", null));
        Assert.Equal(TimeSpan.FromSeconds(1), DelayOf(policy));
    }

    [Theory]
    [InlineData(7, 7)]
    [InlineData(0, 1)]
    [InlineData(86_400, 30)]
    public void TryAgain_ServerAsksForAWait_GetsItWithinReason(int asked, int given)
    {
        var policy = new RetryPolicy(Options, _clock, _progress);
        policy.TryAgain(0, "it broke", new ServerFailureException("busy", new RetryConditionHeaderValue(TimeSpan.FromSeconds(asked))));
        Assert.Equal(TimeSpan.FromSeconds(given), DelayOf(policy));
    }

    [Fact]
    public void TryAgain_ServerNamesATime_WaitsUntilThen()
    {
        var policy = new RetryPolicy(Options, _clock, _progress);
        policy.TryAgain(0, "it broke", new ServerFailureException("busy", new RetryConditionHeaderValue(_clock.GetUtcNow().AddSeconds(9))));
        Assert.Equal(TimeSpan.FromSeconds(9), DelayOf(policy));
    }

    [Fact]
    public void TryAgain_SeveralConnectionsFailTogether_IsOneFailure()
    {
        var policy = new RetryPolicy(Options, _clock, _progress);
        for (var connection = 0; connection < 16; connection++)
        {
            Assert.True(policy.TryAgain(0, "it broke", null));
        }

        Assert.Equal(TimeSpan.FromSeconds(1), DelayOf(policy));
    }

    [Fact]
    public async Task Wait_WithoutFailure_IsNone() => await new RetryPolicy(Options, _clock, _progress).WaitAsync(CancellationToken.None).WaitAsync(TestApp.Patience);

    private TimeSpan DelayOf(RetryPolicy policy)
    {
        _clock.Delay = null;
        _ = policy.WaitAsync(CancellationToken.None);
        return _clock.Delay!.Value;
    }

    /// <summary>Stands still, and remembers for how long somebody wants to wait.</summary>
    private sealed class ManualClock : TimeProvider
    {
        public TimeSpan? Delay { get; set; }

        public override DateTimeOffset GetUtcNow() => new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Delay = dueTime;
            return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, period);
        }
    }
}
