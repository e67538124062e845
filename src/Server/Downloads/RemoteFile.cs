namespace InferenceServer.Server.Downloads;

/// <summary>What a server says about a file before it is downloaded. It may be wrong in everything.</summary>
internal sealed record RemoteFile
{
    /// <summary>Bytes; null if the server does not say.</summary>
    public long? Length { get; init; }

    /// <summary>SHA-256 in lower-case hex digits as the hub gives it; null if it gives none.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Changes with the file's content: an entity tag or a date; null if the server gives none.</summary>
    public string? Version { get; init; }

    /// <summary>True: parts can be asked for.</summary>
    public required bool HasRanges { get; init; }
}
