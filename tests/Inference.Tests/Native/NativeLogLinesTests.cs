using InferenceServer.Inference.Native;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Tests.Native;

public sealed class NativeLogLinesTests
{
    private const int Debug = 1, Info = 2, Warning = 3, Error = 4, Continue = 5;

    private readonly List<(LogLevel Level, string Line)> _published = [];
    private readonly NativeLogLines _lines;

    public NativeLogLinesTests() => _lines = new NativeLogLines((level, line) => _published.Add((level, line)));

    [Theory]
    [InlineData(Debug, LogLevel.Trace)]
    [InlineData(Info, LogLevel.Debug)]
    [InlineData(Warning, LogLevel.Warning)]
    [InlineData(Error, LogLevel.Error)]
    [InlineData(0, LogLevel.Debug)]
    [InlineData(99, LogLevel.Debug)]
    public void Add_WholeLine_IsPublishedAtOnce(int level, LogLevel expected)
    {
        _lines.Add(level, "load: a line\n");
        Assert.Equal([(expected, "load: a line")], _published);
    }

    [Fact]
    public void Add_ContinuedLine_KeepsTheLevelOfItsStart()
    {
        _lines.Add(Error, "one ");
        _lines.Add(Continue, "two ");
        Assert.Empty(_published);
        _lines.Add(Continue, "three\n");
        Assert.Equal([(LogLevel.Error, "one two three")], _published);
    }

    [Fact]
    public void Add_SeveralLinesInOneCall_ArePublishedOneByOne()
    {
        _lines.Add(Warning, "one\n\n  two  \nthr");
        _lines.Add(Continue, "ee\n");
        Assert.Equal([(LogLevel.Warning, "one"), (LogLevel.Warning, "  two"), (LogLevel.Warning, "three")], _published);
    }

    [Fact]
    public void Add_NewMessageAfterAnUnfinishedOne_EndsIt()
    {
        _lines.Add(Info, "....");
        _lines.Add(Error, "failed\n");
        Assert.Equal([(LogLevel.Debug, "...."), (LogLevel.Error, "failed")], _published);
    }
}
