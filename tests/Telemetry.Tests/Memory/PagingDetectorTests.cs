using InferenceServer.Telemetry.Memory;

namespace InferenceServer.Telemetry.Tests.Memory;

public sealed class PagingDetectorTests
{
    private readonly PagingDetector _detector = new();

    [Fact]
    public void Model_InMemory_IsNotPaged()
    {
        for (var i = 0; i < 100; i++)
        {
            _detector.Observe(i * 2, 5000 + (i / 10), 1, 0);
            Assert.False(_detector.IsPaged);
        }
    }

    [Fact]
    public void Faults_ForAMoment_AreNoPaging()
    {
        _detector.Observe(0, 0, null, 0);
        _detector.Observe(2, 4000, null, 0);
        _detector.Observe(4, 8000, null, 0);
        Assert.False(_detector.IsPaged);
        _detector.Observe(6, 8000, null, 0);
        _detector.Observe(8, 12_000, null, 0);
        Assert.False(_detector.IsPaged);
    }

    [Fact]
    public void Faults_ThatGoOn_ArePaging_AndEnd()
    {
        for (var i = 0; i <= PagingDetector.LooksInARow; i++)
        {
            Assert.False(_detector.IsPaged);
            _detector.Observe(i * 2, i * 4000, null, 0);
        }

        Assert.True(_detector.IsPaged);
        Assert.Equal(2000, _detector.Rate);
        _detector.Observe(100, PagingDetector.LooksInARow * 4000, null, 0);
        Assert.False(_detector.IsPaged);
    }

    [Fact]
    public void Weights_ThatLeftMemory_ArePaging_UntilTheyAreBack()
    {
        _detector.Observe(0, 0, 0.4, 0); // a mixture of experts is read as it is used
        _detector.Observe(2, 0, 0.8, 0);
        Assert.False(_detector.IsPaged);
        _detector.Observe(4, 0, 0.785, 0);
        Assert.True(_detector.IsPaged);
        _detector.Observe(6, 0, 0.795, 0);
        Assert.False(_detector.IsPaged);
    }

    // What a device keeps in a form of its own is not missed in the file.
    [Fact]
    public void Weights_ThatNobodyMisses_AreNotPaged()
    {
        _detector.Observe(0, 0, 1, 10);
        _detector.Observe(2, 0, 0.3, 10);
        Assert.True(_detector.IsPaged);

        // The first steps read what they need, and wait for it.
        _detector.Observe(4, 500, 0.3, 12);
        Assert.True(_detector.IsPaged);
        _detector.Observe(6, 501, 0.3, 40);
        Assert.False(_detector.IsPaged);
        _detector.Observe(8, 501, 0.6, 40);
        _detector.Observe(10, 501, 0.5, 40);
        Assert.True(_detector.IsPaged);
    }

    [Fact]
    public void Load_OfAnotherModel_BeginsAnew()
    {
        _detector.Observe(0, 0, 1, 0);
        _detector.Reset();
        _detector.Observe(2, 1_000_000, 0.5, 0);
        Assert.False(_detector.IsPaged);
        Assert.Equal(0, _detector.Rate);
    }

    [Fact]
    public void Nothing_Known_IsNotPaged()
    {
        _detector.Observe(0, null, null, 0);
        _detector.Observe(2, null, null, 0);
        Assert.False(_detector.IsPaged);
    }
}
