using InferenceServer.Inference.Cache.Disk;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests;

/// <summary>What README says of prefixes without a number of its own in the options.</summary>
public sealed class CacheOptionsTests
{
    [Fact]
    public void MemoryBytes_ByDefault_IsAnEighthOfTheMachines()
    {
        Assert.Equal(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8, new CacheOptions().MemoryBytes);
        Assert.Equal((0, 5L << 20), (new CacheOptions { MemoryLimit = 0 }.MemoryBytes, new CacheOptions { MemoryLimit = 5 }.MemoryBytes));
        Assert.Contains("| an eighth of the machine's |", Readme(), StringComparison.Ordinal);
    }

    [Fact]
    public void Expiry_OfFilesOnDisk_IsWhatReadmeSays() => Assert.Contains($"unused for {DiskBooks.Expiry.Days} days they expire", Readme(), StringComparison.Ordinal);

    private static string Readme() => File.ReadAllText(Path.Combine(RepositoryFiles.Root, "README.md"));
}
