using InferenceServer.Server.Doctor;

namespace InferenceServer.Server.Tests.Doctor;

public sealed class MetricsSampleTests
{
    private static readonly MetricsSample Earlier = new("# TYPE joules counter\njoules_total{source=\"gpu\",phase=\"decode\"} 10\n");

    private static readonly MetricsSample Later = new("""
        # HELP joules Joules, 5 of them
        joules_total{source="gpu",phase="decode"} 25.5
        joules_total{source="gpu",phase="idle"} 4
        joules_total{source="cpu",phase="decode"} 1e3
        bytes 7
        # EOF
        """);

    [Fact]
    public void Find_AddsTheSeriesWithAllLabels()
    {
        Assert.Equal(7, Later.Find("bytes"));
        Assert.Equal(29.5, Later.Find("joules_total", ("source", "gpu")));
        Assert.Equal(1025.5, Later.Find("joules_total", ("phase", "decode")));
        Assert.Null(Later.Find("joules_total", ("source", "system")));
        Assert.Null(Later.Find("joules"));
    }

    [Fact]
    public void Since_IsWhatACounterGrewBy()
    {
        Assert.Equal(15.5, Later.Since(Earlier, "joules_total", ("source", "gpu"), ("phase", "decode")));
        Assert.Equal(4, Later.Since(Earlier, "joules_total", ("phase", "idle")));
        Assert.Null(Later.Since(Earlier, "absent"));
    }
}
