using FsCheck;
using FsCheck.Fluent;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Access;

namespace InferenceServer.Server.Tests.Access;

public sealed class ClientAccountTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void Requests_BeyondTheirRate_WaitUntilTheyFlowIn()
    {
        var account = Account(new ClientLimits { RequestsPerMinute = 3 });
        Assert.All(Enumerable.Range(0, 3), _ => Assert.Null(account.TryAdmit()));
        var refused = account.TryAdmit()!;
        Assert.Equal((429, "requests", "rate_limit_exceeded", 20), (refused.Status, refused.Type, refused.Code, refused.RetryAfterSeconds));
        Assert.Equal(new RateStatus(3, 0, TimeSpan.FromMinutes(1)), account.Status().Requests);
        _clock.Advance(19);
        Assert.NotNull(account.TryAdmit());
        _clock.Advance(1.001);
        Assert.Null(account.TryAdmit());
        Assert.NotNull(account.TryAdmit());
    }

    [Fact]
    public void Tokens_BeyondTheirRate_AreADebtThatIsPaidOffFirst()
    {
        var account = Account(new ClientLimits { TokensPerMinute = 600 });
        Assert.Null(account.TryAdmit());
        account.Charge(1200);
        var refused = account.TryAdmit()!;
        Assert.Equal(("tokens", "rate_limit_exceeded", 61), (refused.Type, refused.Code, refused.RetryAfterSeconds));
        Assert.Equal(new RateStatus(600, 0, TimeSpan.FromMinutes(2)), account.Status().Tokens);
        _clock.Advance(60);
        Assert.NotNull(account.TryAdmit());
        _clock.Advance(1);
        Assert.Null(account.TryAdmit());
    }

    [Fact]
    public void Request_RefusedForItsTokens_CostsNoRequest()
    {
        var account = Account(new ClientLimits { RequestsPerMinute = 1, TokensPerMinute = 1 });
        account.Charge(10);
        Assert.Equal("tokens", account.TryAdmit()!.Type);
        Assert.Equal(1, account.Status().Requests!.Value.Remaining);
    }

    [Fact]
    public void Quota_UsedUp_EndsAtMidnightUtc()
    {
        var account = Account(new ClientLimits { TokensPerDay = 100 });
        account.Charge(99);
        Assert.Null(account.TryAdmit());
        account.Charge(50);
        var refused = account.TryAdmit()!;
        Assert.Equal((429, "insufficient_quota", "insufficient_quota", true), (refused.Status, refused.Type, refused.Code, refused.IsFinal));
        var midnight = FixedClock.Now.UtcDateTime.Date.AddDays(1) - _clock.GetUtcNow().UtcDateTime;
        Assert.Equal((int)midnight.TotalSeconds, refused.RetryAfterSeconds);
        Assert.Equal(new RateStatus(100, 0, midnight), account.Status().Tokens);
        _clock.Advance(midnight.TotalSeconds);
        Assert.Null(account.TryAdmit());
        Assert.Equal(0, account.UsedToday);
    }

    [Fact]
    public void Usage_RememberedOfAnotherDay_DoesNotCount()
    {
        var account = Account(new ClientLimits { TokensPerDay = 100 });
        var today = DateOnly.FromDateTime(_clock.GetUtcNow().UtcDateTime);
        account.Remember(today.AddDays(-1), 100);
        Assert.Equal(0, account.UsedToday);
        account.Remember(today, 100);
        Assert.NotNull(account.TryAdmit());
    }

    [Fact]
    public void Limits_SetAnew_KeepWhatDidNotChange()
    {
        var account = Account(new ClientLimits { RequestsPerMinute = 1, TokensPerDay = 10 });
        Assert.Null(account.TryAdmit());
        account.Charge(5);
        account.Set(new ClientLimits { RequestsPerMinute = 1, TokensPerDay = 20, Concurrency = 1 }, highest: null);
        Assert.NotNull(account.TryAdmit());
        Assert.Equal(5, account.UsedToday);
        account.Set(new ClientLimits { RequestsPerMinute = 0 }, highest: null);
        Assert.Null(account.TryAdmit());
        Assert.Equal((null, null), account.Status());
    }

    [Theory]
    [InlineData(null, null, RequestClass.Default)]
    [InlineData(null, RequestClass.Priority, RequestClass.Priority)]
    [InlineData(RequestClass.Priority, null, RequestClass.Priority)]
    [InlineData(RequestClass.Priority, RequestClass.Flex, RequestClass.Flex)]
    [InlineData(RequestClass.Flex, RequestClass.Priority, RequestClass.Flex)]
    [InlineData(RequestClass.Default, RequestClass.Priority, RequestClass.Default)]
    [InlineData(RequestClass.Default, RequestClass.Flex, RequestClass.Flex)]
    public void Class_OfARequest_IsItsOwnUpToTheKeys(RequestClass? ofKey, RequestClass? asked, RequestClass expected)
    {
        var account = new ClientAccount("one", _clock);
        account.Set(new ClientLimits(), ofKey);
        Assert.Equal(expected, account.ClassOf(asked));
    }

    [Fact]
    public void Requests_AtAnyPace_NeverExceedTheirRateByMoreThanTheStock() => Prop.ForAll<byte, byte[]>((perMinute, pauses) =>
    {
        var limit = Math.Max((byte)1, perMinute);
        var account = Account(new ClientLimits { RequestsPerMinute = limit });
        var (admitted, seconds) = (0, 0.0);
        foreach (var pause in pauses)
        {
            admitted += account.TryAdmit() is null ? 1 : 0;
            Assert.InRange(admitted, 0, limit + (seconds * limit / 60) + 1e-6);
            _clock.Advance(pause);
            seconds += pause;
        }
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0, "0ms")]
    [InlineData(0.0201, "21ms")]
    [InlineData(1, "1s")]
    [InlineData(1.5, "1.5s")]
    [InlineData(59.9999, "1m0s")]
    [InlineData(360, "6m0s")]
    [InlineData(3661.25, "1h1m1.25s")]
    public void Duration_InAHeader_IsWrittenAsOpenAiDoes(double seconds, string expected) => Assert.Equal(expected, RateLimitHeaders.Text(TimeSpan.FromSeconds(seconds)));

    private ClientAccount Account(ClientLimits limits)
    {
        var account = new ClientAccount("one", _clock);
        account.Set(limits, highest: null);
        return account;
    }
}
