using System.ComponentModel.DataAnnotations;

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

    /// <summary><see cref="MemoryLimit"/> in bytes.</summary>
    internal long MemoryBytes => MemoryLimit is { } limit ? limit * (1L << 20) : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / DefaultShare;
}
