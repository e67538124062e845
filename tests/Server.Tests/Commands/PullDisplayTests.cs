using InferenceServer.Server.Commands;
using InferenceServer.Server.Downloads;

namespace InferenceServer.Server.Tests.Commands;

public sealed class PullDisplayTests
{
    [Fact]
    public void Lines_OfADownloadThatIsQuick_StillTellOfItsEnd()
    {
        var progress = new DownloadProgress();
        using var output = new StringWriter();
        using (PullDisplay.StartLines("file.gguf", progress, output))
        {
            progress.Start(0, 42_500);
            progress.Add(42_500);
            progress.AddChecked(1);
        }

        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("file.gguf: 100 % of 42.5 kB, ", lines[^2], StringComparison.Ordinal);
        Assert.Equal("file.gguf: checking its SHA-256", lines[^1]);
    }

    [Fact]
    public void Lines_BeforeAByteArrived_TellNoRate()
    {
        var progress = new DownloadProgress();
        using var output = new StringWriter();
        using (PullDisplay.StartLines("file.gguf", progress, output))
        {
            progress.Start(17_000, 42_500);
        }

        Assert.Equal("file.gguf: 40 % of 42.5 kB", output.ToString().TrimEnd());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(42_500)]
    public void Lines_BeforeAnythingIsKnownOrOfWhatIsThere_AreNone(long there)
    {
        var progress = new DownloadProgress();
        using var output = new StringWriter();
        using (PullDisplay.StartLines("file.gguf", progress, output))
        {
            progress.Start(there, there);
        }

        Assert.Empty(output.ToString());
    }

    [Fact]
    public void Lines_WhileNothingArrives_SayWhyAndWhenThatChanges()
    {
        var progress = new DownloadProgress();
        using var output = new StringWriter();
        using (PullDisplay.StartLines("file.gguf", progress, output))
        {
            progress.Trouble = "refused; trying again in 4 s";
        }

        Assert.Equal("file.gguf: refused; trying again in 4 s", output.ToString().TrimEnd());
    }

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(999, "999 bytes")]
    [InlineData(1000, "1.0 kB")]
    [InlineData(999_949, "999.9 kB")]
    [InlineData(999_999, "1.0 MB")]
    [InlineData(42_520_395_584, "42.5 GB")]
    [InlineData(long.MaxValue, "9.2 EB")]
    public void DataSize_Bytes_AreShort(long bytes, string text) => Assert.Equal(text, DataSize.Text(bytes));
}
