using InferenceServer.Telemetry.Memory;
using InferenceServer.Telemetry.Memory.MacOS;
using InferenceServer.Telemetry.Tests.Power;
using InferenceServer.Telemetry.Tests.Power.MacOS;

namespace InferenceServer.Telemetry.Tests.Memory.MacOS;

/// <summary>Against the stand-in for the system's libraries, and the parsers alone.</summary>
[Collection(SystemLibrariesCollection.Name)]
public sealed class MacMemoryTests(MacStandIn standIn)
{
    private const long PageSize = 16_384;

    [SkippableFact]
    public void Read_TellsEverything()
    {
        Skip.IfNot(standIn.Library.WhyMissing is null, standIn.Library.WhyMissing);
        var reading = MacMemory.TryOpen()!.Read();
        Assert.Equal(
            new MemoryReading
            {
                Total = 137_438_953_472,
                Used = (3000 - 100 + 2000 + 500) * PageSize,
                Locked = 2000 * PageSize,
                Compressed = 500 * PageSize,
                SwapTotal = 2_147_483_648,
                SwapUsed = 1_000_000_000,
                SwappedIn = 11 * PageSize,
                SwappedOut = 12 * PageSize,
                PressureLevel = 1,
                ProcessUsed = 45_000_000_000,
                ProcessLocked = 40_000_000_000,
                MajorFaults = 77,
                RecommendedWorkingSet = 115_448_725_504,
                WorkingSet = 43_000_000_000,
            },
            reading);
    }

    [Fact]
    public void Statistics_CutShort_AreNone() => Assert.Null(VirtualMemory.Read(new byte[VirtualMemory.MinSize - 1]));
}
