namespace InferenceServer.Inference.Cache.Disk;

/// <summary>What is in the folder of the disk tier.</summary>
public sealed record PrefixFolderReport
{
    /// <summary>The folder; it need not exist.</summary>
    public required string Path { get; init; }

    /// <summary>True if a running server owns it.</summary>
    public required bool IsInUse { get; init; }

    /// <summary>Files of prefixes, sound or not.</summary>
    public required int NumFiles { get; init; }

    /// <summary>Their bytes.</summary>
    public required long NumBytes { get; init; }

    /// <summary>Tokens whose KV the sound ones hold.</summary>
    public required long NumTokens { get; init; }

    /// <summary>Models, with their settings, that made the sound ones.</summary>
    public required int NumModels { get; init; }

    /// <summary>When the one was used that nobody used for longest, in UTC and to the hour; null without files.</summary>
    public required DateTime? OldestUse { get; init; }

    /// <summary>When one was used last; null without files.</summary>
    public required DateTime? NewestUse { get; init; }

    /// <summary>Files that are not sound, by what is wrong.</summary>
    public required IReadOnlyDictionary<string, int> Faults { get; init; }
}
