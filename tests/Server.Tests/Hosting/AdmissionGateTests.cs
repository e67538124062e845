using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Tests.Hosting;

public sealed class AdmissionGateTests
{
    [Fact]
    public void Permit_GrownAndDisposedTwice_GivesBackWhatItTookOnce()
    {
        var gate = new AdmissionGate(4);
        using var one = gate.TryEnter()!;
        Assert.True(one.TryGrowTo(3));
        using var two = gate.TryEnter()!;
        Assert.Null(gate.TryEnter());
        Assert.False(two.TryGrowTo(2));
        one.Dispose();
        one.Dispose();
        Assert.Equal(1, gate.NumTaken);
        Assert.True(two.TryGrowTo(4));
        Assert.False(two.TryGrowTo(5));
    }

    [Fact]
    public void Permit_OfAClientWithPlacesOfItsOwn_TakesAndGivesBackBoth()
    {
        var (gate, client) = (new AdmissionGate(8), new ClientAccount("one", TimeProvider.System));
        client.Set(new ClientLimits { Concurrency = 2 }, highest: null);
        using var one = gate.TryEnter()!;
        Assert.True(one.TryBelongTo(client));
        Assert.Equal(2, one.Capacity);
        Assert.False(one.TryGrowTo(3));
        Assert.True(one.TryGrowTo(2));
        using (var two = gate.TryEnter()!)
        {
            Assert.False(two.TryBelongTo(client));
        }

        using var detached = one.Detach();
        one.Dispose();
        Assert.Equal(2, gate.NumTaken);
        Assert.Null(client.TryEnter());
        detached.Dispose();
        Assert.Equal(0, gate.NumTaken);
        Assert.NotNull(client.TryEnter());
    }

    [Fact]
    public void Gate_UnderContention_NeverExceedsItsCapacity()
    {
        var gate = new AdmissionGate(3);
        var most = 0;
        Parallel.For(0, 10_000, _ =>
        {
            using var permit = gate.TryEnter();
            if (permit is not null)
            {
                permit.TryGrowTo(2);
                InterlockedMax(ref most, gate.NumTaken);
            }
        });
        Assert.InRange(most, 1, 3);
        Assert.Equal(0, gate.NumTaken);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        var seen = Volatile.Read(ref target);
        while (value > seen)
        {
            seen = Interlocked.CompareExchange(ref target, value, seen);
        }
    }
}
