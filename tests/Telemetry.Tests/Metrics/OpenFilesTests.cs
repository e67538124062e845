using InferenceServer.Telemetry.Metrics;

namespace InferenceServer.Telemetry.Tests.Metrics;

public sealed class OpenFilesTests
{
    [Fact]
    public void Count_WithMoreFilesOpen_IsAsMuchHigher()
    {
        const int More = 200; // other tests open and close a few meanwhile
        var path = Path.GetTempFileName();
        var before = OpenFiles.Count();
        var files = Enumerable.Range(0, More).Select(_ => File.OpenHandle(path)).ToArray();
        var after = OpenFiles.Count();
        Array.ForEach(files, file => file.Dispose());
        File.Delete(path);
        Assert.True(OpenFiles.CanCount);
        Assert.InRange(before, 3, 10_000);
        Assert.InRange(after - before, More - 60, More + 60);
    }
}
