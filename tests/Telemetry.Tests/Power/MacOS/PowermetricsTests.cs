using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.MacOS;

namespace InferenceServer.Telemetry.Tests.Power.MacOS;

public sealed class PowermetricsTests
{
    // Shaped like what the program writes: keys twice, megahertz called hertz, lists that do not matter.
    private static string Document(int cpuMj = 855, int gpuMj = 72_607, string aneReal = "0", string pressure = "Nominal", string gpuIdle = "0.25") =>
        $"""
        <?xml version="1.0" encoding="UTF-8"?>
        <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
        <plist version="1.0">
        <dict>
        <key>is_delta</key><true/>
        <key>elapsed_ns</key><integer>1023721416</integer>
        <key>hw_model</key><string>Mac14,14</string>
        <key>timestamp</key><date>2026-01-02T03:04:05Z</date>
        <key>thermal_pressure</key><string>{pressure}</string>
        <key>processor</key>
        <dict>
        <key>clusters</key>
        <array>
        <dict><key>name</key><string>E0-Cluster</string><key>freq_hz</key><real>1280450000.0</real><key>dvfm_states</key><array><dict><key>freq</key><integer>600</integer></dict></array></dict>
        </array>
        <key>cpu_energy</key><integer>{cpuMj}</integer>
        <key>gpu_energy</key><integer>{gpuMj}</integer>
        <key>ane_energy</key><integer>{aneReal}</integer>
        <key>cpu_power</key><real>835.19</real>
        </dict>
        <key>gpu</key>
        <dict>
        <key>freq_hz</key><real>1360.85</real>
        <key>idle_ns</key><integer>17</integer>
        <key>idle_ratio</key><real>{gpuIdle}</real>
        <key>dvfm_states</key><array/>
        <key>gpu_energy</key><integer>73491</integer>
        <key>idle_ns</key><integer>18</integer>
        <key>idle_ratio</key><real>0.9</real>
        </dict>
        </dict>
        </plist>
        """;

    [Fact]
    public void Sample_IsReadInSiUnits()
    {
        var sample = PowermetricsSample.Parse(Document())!;
        Assert.Equal(1.023721416, sample.Seconds, 9);
        Assert.Equal(0.855, sample.CpuJoules!.Value, 9);
        Assert.Equal(72.607, sample.GpuJoules!.Value, 9); // beyond 16 bits of mJ
        Assert.Equal(0, sample.AneJoules!.Value);
        Assert.Equal(0.75, sample.GpuActive!.Value, 9);
        Assert.Equal(1360.85e6, sample.GpuFrequency!.Value, 3);
        Assert.Equal(0, sample.ThermalPressure);
        Assert.Equal(0.835, sample.CpuJoules.Value / sample.Seconds, 3);
    }

    [Fact]
    public void Sample_OfTheGpuAlone_TakesTheGpusOwnJoules()
    {
        var document = Document();
        var (from, to) = (document.IndexOf("<key>processor", StringComparison.Ordinal), document.IndexOf("<key>gpu</key>", StringComparison.Ordinal));
        var sample = PowermetricsSample.Parse(document.Remove(from, to - from))!;
        Assert.Equal(73.491, sample.GpuJoules!.Value, 9);
        Assert.Null(sample.CpuJoules);
    }

    [Theory]
    [InlineData("nan")]
    [InlineData("")]
    [InlineData("-inf")]
    public void Sample_WithNoNumbers_HasNone(string idle) => Assert.Null(PowermetricsSample.Parse(Document(gpuIdle: idle))!.GpuActive);

    [Theory]
    [InlineData("Nominal", 0)]
    [InlineData("Moderate", 1)]
    [InlineData("Heavy", 2)]
    [InlineData("Trapping", 3)]
    [InlineData("Sleeping", 4)]
    [InlineData("Balmy", null)]
    public void Pressure_IsANumber(string word, int? expected) => Assert.Equal(expected, PowermetricsSample.Parse(Document(pressure: word))!.ThermalPressure);

    [Theory]
    [InlineData("")]
    [InlineData("<plist>")]
    [InlineData("<plist><dict><key>elapsed_ns</key></dict></plist>")]
    [InlineData("<plist><dict><key>elapsed_ns</key><integer>0</integer></dict></plist>")]
    [InlineData("<plist><array/></plist>")]
    [InlineData("powermetrics must be invoked as the superuser")]
    public void Sample_OfSomethingElse_IsNone(string document) => Assert.Null(PowermetricsSample.Parse(document));

    [Fact]
    public void Sample_CutOrDamagedAnywhere_IsNoneOrASample()
    {
        var document = Document();
        var random = new Random(1);
        for (var i = 0; i < 2000; i++)
        {
            var text = document[..random.Next(document.Length)] + (i % 2 == 0 ? document[random.Next(document.Length)..] : "");
            _ = PowermetricsSample.Parse(text); // throws nothing
        }
    }

    // The zero byte comes before every document but the first; a document is whole without it.
    [Fact]
    public void Frames_AreWholeWithTheirLastLine()
    {
        var frames = new PowermetricsFrames();
        var documents = new List<string>();
        foreach (var line in $"{Document(1)}\n\0{Document(2)}\n\0{Document(3)}".Split('\n'))
        {
            if (frames.Add(line) is { } document)
            {
                documents.Add(document);
            }
        }

        Assert.Equal([0.001, 0.002, 0.003], documents.Select(document => PowermetricsSample.Parse(document)!.CpuJoules!.Value));
    }

    [Fact]
    public void Frames_ThatNeverEnd_AreDropped()
    {
        var frames = new PowermetricsFrames();
        var line = new string('x', 1 << 20);
        for (var i = 0; i < 10; i++)
        {
            Assert.Null(frames.Add(line));
        }

        // What comes then is read again, from the next document on.
        _ = Document().Split('\n').Select(frames.Add).ToList();
        Assert.NotNull(PowermetricsSample.Parse(Document().Split('\n').Select(frames.Add).ToList()[^1]!));
    }

    [SkippableFact]
    public async Task Source_OverARealProcess_AddsItsSamplesUpAndEndsWithIt()
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var file = Path.Combine(folder.FullName, "samples");
            await File.WriteAllTextAsync(file, $"{Document(1000, 2000)}\n\0{Document(3000, 4000)}\n");
            using var source = PowermetricsSource.Start("/bin/sh", ["-c", $"cat '{file}'; echo noise >&2; read line"], TimeProvider.System).Source!;
            var readings = new PowerReading[source.Channels.Count];
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            do
            {
                await Task.Delay(10, patience.Token);
                source.Read(0, readings);
            }
            while (readings[0].Fault != ChannelFault.None || readings[0].Value < 4);

            Assert.Equal((4, 6, 0), (readings[0].Value, readings[1].Value, readings[2].Value));
            Assert.Equal(0.75, readings[3].Value, 9);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public async Task Source_WhoseProcessEnds_Fails()
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        using var source = PowermetricsSource.Start("/bin/sh", ["-c", "exit 3"], TimeProvider.System).Source!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        Exception? failure = null;
        while (failure is null)
        {
            await Task.Delay(10, patience.Token);
            failure = Record.Exception(() => source.Read(0, new PowerReading[source.Channels.Count]));
        }

        Assert.Contains("code 3", failure.Message, StringComparison.Ordinal);
    }
}
