using System.ComponentModel.DataAnnotations;
using InferenceServer.Inference.Cache.Disk;
using InferenceServer.Inference.Native;

namespace InferenceServer.Inference;

/// <summary>Section <c>Cache</c> of the configuration: prefixes that left the KV cells and come back by a copy.</summary>
public sealed class CacheOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Cache";

    // Of the machine's memory, or of the container's: beside a model that is planned to fill most of it.
    private const int DefaultShare = 8;

    /// <summary>MiB of the host's memory for prefixes; null takes an eighth of it, 0 keeps none.</summary>
    [Range(0, 16_777_216)]
    public int? MemoryLimit { get; set; }

    /// <summary>Folder for prefixes on disk, in a folder of their own there; null keeps none, but the server has a default of its own.</summary>
    public string? DiskPath { get; set; }

    /// <summary>MiB of disk for prefixes; 0 keeps none.</summary>
    [Range(0, 16_777_216)]
    public int DiskLimit { get; set; } = 16_384;

    /// <summary>
    /// MiB that may be written to disk in a day, so that flash memory lasts; 0 only reads. By default twice what the disk may hold: 12 TB a year, where small drives are made for 30 a year or more.
    /// </summary>
    [Range(0, 16_777_216)]
    public int DiskWritesPerDay { get; set; } = 32_768;

    /// <summary>How the disk tier is to be; null for none.</summary>
    internal DiskTierOptions? Disk =>
        DiskPath is { Length: > 0 } path && DiskLimit > 0 ? new DiskTierOptions(path, DiskLimit * (1L << 20), DiskWritesPerDay * (1L << 20)) { Rule = Rule } : null;

    /// <summary>What is worth writing to disk.</summary>
    internal WriteRule Rule { get; set; } = new();

    /// <summary>Share of the machine's memory that programs may still take; null where the system does not tell.</summary>
    internal Func<double?> AvailableMemory { get; set; } = HostMemory.AvailableShare;

    /// <summary>How often <see cref="AvailableMemory"/> is asked.</summary>
    internal TimeSpan MemoryInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary><see cref="MemoryLimit"/> in bytes.</summary>
    internal long MemoryBytes => MemoryLimit is { } limit ? limit * (1L << 20) : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / DefaultShare;
}
