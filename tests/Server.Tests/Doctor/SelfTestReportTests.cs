using InferenceServer.Server.Doctor;

namespace InferenceServer.Server.Tests.Doctor;

public sealed class SelfTestReportTests
{
    private static readonly MachineRow Silent = new()
    {
        Chip = "Apple M4 Max",
        Model = new ServedModelInfo("llama-70b", "Q4_K_M", 32768),
        ServerBytes = null,
        GpuBytes = null,
        WeightBytes = null,
        MachineBytes = 128L << 30,
        Short = DecodeMeasurements.Of(1024, 12.34),
        Full = DecodeMeasurements.Of(32703, 9.87),
        Bandwidth = null,
        IsBandwidthMeasured = false,
    };

    [Fact]
    public void Row_OfAMachineThatTellsNothing_HasNoInventedNumber() => Assert.Equal(
        "| Apple M4 Max | llama-70b | Q4_K_M | 32,768 | not available of 128.0 GiB | 12.3 | 9.9 | not available | not available | not available |",
        Silent.ToMarkdown().ReplaceLineEndings("\n").Split('\n')[2]);

    [Fact]
    public void Row_OfAMachineThatTells_HasEverything()
    {
        var measured = Silent.Short with { BytesPerSecond = 400e9, Source = "system", Watts = 92.44, TokensPerJoule = 0.1335 };
        var row = Silent with { ServerBytes = 50L << 30, Bandwidth = 546e9, Short = measured };
        Assert.Equal(
            "| Apple M4 Max | llama-70b | Q4_K_M | 32,768 | 50.0 GiB of 128.0 GiB | 12.3 | 9.9 | 92.4 W (system) | 0.13 | 73 % of 546 GB/s |",
            row.ToMarkdown().ReplaceLineEndings("\n").Split('\n')[2]);
    }

    [Fact]
    public void Report_IsATableOfClaimsWithTheDoctorsPage()
    {
        Claim[] claims =
        [
            new("The GPU computes", ClaimVerdict.Passed, "a | b\nc"),
            new("It idles", ClaimVerdict.Failed, "slow"),
            new("It installs", ClaimVerdict.Passed, "yes"),
        ];
        var report = SelfTestReport.Write("ok       port         free\n", claims, Silent, isQuick: false, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        Assert.StartsWith("## Self test of inference-server ", report, StringComparison.Ordinal);
        Assert.Contains(", 2026-01-02\n\n| Chip |", report, StringComparison.Ordinal);
        Assert.Contains("Claims: 2 passed, 1 failed.\n", report, StringComparison.Ordinal);
        Assert.Contains("| The GPU computes | passed | a \\| b c |\n| It idles | **failed** | slow |\n", report, StringComparison.Ordinal);
        Assert.EndsWith("```text\nok       port         free\n```\n", report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/home/ann/models/x.gguf on studio.local", "/home/ann", "studio", "~/models/x.gguf on (this machine).local")]
    [InlineData("inference-server on Server", "/root", "server", "inference-server on (this machine)")]
    [InlineData("macOS at localhost", "/", "mac", "macOS at localhost")]
    [InlineData("localhost", "/", "localhost", "localhost")]
    public void Report_NamesNeitherHomeNorMachine(string text, string home, string machine, string anonymous) =>
        Assert.Equal(anonymous, SelfTestReport.Anonymize(text, home, machine));
}
