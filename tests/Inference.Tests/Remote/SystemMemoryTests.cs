using InferenceServer.Inference.Remote;

namespace InferenceServer.Inference.Tests.Remote;

public sealed class SystemMemoryTests
{
    private const long GiB = 1L << 30;

    [Fact]
    public void Memory_ThatComesBackBitByBit_IsWaitedFor()
    {
        // Then it stays, but for what others take and give.
        Assert.Equal(5, CountReadings([2 * GiB, 10 * GiB, 30 * GiB, 40 * GiB, 40 * GiB + SystemMemory.Noise / 2, 60 * GiB]));
    }

    [Fact]
    public void Memory_ThatIsBackAlready_IsWaitedForOnce() => Assert.Equal(2, CountReadings([40 * GiB, 40 * GiB, 60 * GiB]));

    [Fact]
    public void Memory_ThatOthersTakeMeanwhile_IsNotWaitedFor() => Assert.Equal(3, CountReadings([2 * GiB, 10 * GiB, 9 * GiB, 60 * GiB]));

    [Fact]
    public void Memory_ThatGrowsForEver_IsWaitedForNoLongerThanItsTime() =>
        Assert.Equal(SystemMemory.MaxReadings, CountReadings([.. Enumerable.Range(1, 1000).Select(i => (long?)(i * GiB))]));

    [Fact]
    public void Memory_ThatNobodyTells_IsNotWaitedFor()
    {
        Assert.Equal(1, CountReadings([null, GiB]));
        Assert.Equal(2, CountReadings([GiB, null, 2 * GiB]));
    }

    [Fact]
    public void Memory_AfterTheServerWasToldToStop_IsNotWaitedFor() => Assert.Equal(3, CountReadings([1 * GiB, 2 * GiB, 3 * GiB, 4 * GiB, 5 * GiB], numWaits: 3));

    private static int CountReadings(long?[] readings, int numWaits = int.MaxValue)
    {
        var (numRead, numWaited) = (0, 0);
        SystemMemory.WaitWhileGrowing(() => readings[numRead++], () => ++numWaited >= numWaits);
        return numRead;
    }
}
