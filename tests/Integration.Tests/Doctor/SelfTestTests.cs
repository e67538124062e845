using System.Diagnostics;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Doctor;

/// <summary>The self test and the machine's row, as their owner runs them: the program starts itself with the real library and a tiny model.</summary>
public sealed class SelfTestTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("selftest-");

    public SelfTestTests() => TinyModel.Create(new TinyModelOptions()).WriteTo(ModelPath);

    private string ModelPath => Path.Combine(_folder.FullName, "tiny.gguf");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task SelfTest_OfThisMachine_TriesEveryClaimAndReports()
    {
        var (code, report, progress) = await RunAsync("doctor", "selftest", "--quick", "--model", ModelPath);
        Assert.True(code is 0 or 13, report + progress);
        Assert.StartsWith("## Self test of inference-server ", report, StringComparison.Ordinal);
        foreach (var claim in new[] { "The GPU computes", "Decode rate at 1K of context", "Decode rate at full context", "A first token after idling", "The model's file stays in memory", "The machine does not sleep while it serves", "The service installs", "The service comes back" })
        {
            Assert.Contains($"| {claim}", report, StringComparison.Ordinal);
        }

        Assert.Contains("| Power by ", report, StringComparison.Ordinal);
        Assert.Contains("\n```text\nok       program ", report, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", report, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder.FullName, report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SelfTest_OfABrokenModel_ReportsThatTheServerDoesNotStart()
    {
        await File.WriteAllTextAsync(ModelPath, "no model");
        var (code, report, _) = await RunAsync("doctor", "selftest", "--quick", "--model", ModelPath);
        Assert.Equal(14, code);
        Assert.Contains("| The server starts and answers | **failed** |", report, StringComparison.Ordinal);
        Assert.Contains("\nerror    model ", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Machine_InOneRow_HasWhatWasMeasured()
    {
        var (code, row, _) = await RunAsync("bench", "machine", "--quick", "--model", ModelPath);
        Assert.Equal(0, code);
        var cells = row.Trim().Split('\n')[2].Split('|', StringSplitOptions.TrimEntries)[1..^1];
        Assert.Equal(10, cells.Length);
        Assert.Equal(["tiny", "F32", "2,048"], cells[1..4]);
        Assert.All(cells[5..7], cell => Assert.True(double.Parse(cell, System.Globalization.CultureInfo.InvariantCulture) > 0, row));
        if (OperatingSystem.IsLinux())
        {
            Assert.Matches(@"^\d+ MiB of [\d.]+ GiB$", cells[4]);
            Assert.Matches(@"^\d+ % of \d+ GB/s", cells[9]);
        }
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] args)
    {
        // A port that nobody has, and no server of this machine's owner.
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "InferenceServer.dll"), .. args, "--port", "0"])
        {
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WaitAsync(Patience);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            process.Kill();
        }
    }
}
