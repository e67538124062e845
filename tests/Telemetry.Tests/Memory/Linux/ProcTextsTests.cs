using InferenceServer.Telemetry.Memory;
using InferenceServer.Telemetry.Memory.Linux;

namespace InferenceServer.Telemetry.Tests.Memory.Linux;

public sealed class ProcTextsTests
{
    [Fact]
    public void Kilobytes_AreFoundByTheWholeKey()
    {
        var text = "SwapCached:      7 kB\nSwapTotal:       2048 kB\nMemTotal:\t 24684084 kB\n"u8;
        Assert.Equal(2048 * 1024, ProcTexts.FindKilobytes(text, "SwapTotal:"u8));
        Assert.Equal(24_684_084L * 1024, ProcTexts.FindKilobytes(text, "MemTotal:"u8));
        Assert.Null(ProcTexts.FindKilobytes(text, "Swap"u8));
        Assert.Null(ProcTexts.FindKilobytes([], "MemTotal:"u8));
        Assert.Null(ProcTexts.FindKilobytes("MemTotal: lots\n"u8, "MemTotal:"u8));
    }

    [Fact]
    public void Pressure_IsAShareAndSeconds()
    {
        var text = "some avg10=1.53 avg60=0.87 avg300=0.20 total=58761459\nfull avg10=0.50 avg60=0.43 avg300=0.10 total=1000000\n"u8;
        var some = ProcTexts.FindPressure(text, "some"u8)!.Value;
        Assert.Equal(0.0153, some.Share, 9);
        Assert.Equal(58.761459, some.Seconds, 9);
        Assert.Equal((0.005, 1), ProcTexts.FindPressure(text, "full"u8));
        Assert.Null(ProcTexts.FindPressure("some avg10=x total=1\n"u8, "some"u8));
        Assert.Null(ProcTexts.FindPressure([], "some"u8));
    }

    [Theory]
    [InlineData("4242 (dotnet) S 1 4242 4242 0 -1 4194560 12345 0 678 0 99", 12_345, 678)]
    [InlineData("7 (a) b (c 1 2 3) R 1 7 7 0 -1 0 5 0 6 0", 5, 6)]
    public void Faults_AreCountedBehindTheName(string stat, long minor, long major) =>
        Assert.Equal((minor, major), ProcTexts.FindFaults(System.Text.Encoding.UTF8.GetBytes(stat)));

    [Theory]
    [InlineData("")]
    [InlineData("4242 (dotnet) S 1 2")]
    [InlineData("4242 (dotnet) S 1 2 3 4 5 6 x 8 9 10")]
    public void Faults_OfAnotherForm_AreNone(string stat) => Assert.Null(ProcTexts.FindFaults(System.Text.Encoding.UTF8.GetBytes(stat)));

    [Fact]
    public void Mapping_IsOneOfTheFileAndOfNoOther()
    {
        const string Line = "7f0a2c000000-7f0a2c200000 r--s 00001000 08:01 1234                       /models/a b.gguf";
        Assert.Equal(new AddressRange(0x7f0a2c000000, 0x200000), ProcTexts.FindMapping(Line, "/models/a b.gguf"));
        Assert.Null(ProcTexts.FindMapping(Line, "/models/b.gguf"));
        Assert.Null(ProcTexts.FindMapping(Line, "b.gguf"));
        Assert.Null(ProcTexts.FindMapping("nonsense /models/a b.gguf", "/models/a b.gguf"));
        Assert.Null(ProcTexts.FindMapping("", "/models/a b.gguf"));
    }
}
