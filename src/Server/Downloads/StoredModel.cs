namespace InferenceServer.Server.Downloads;

/// <summary>A model in the model folder, of one file or several.</summary>
internal sealed record StoredModel
{
    /// <summary>The file's name without its ending and shard number.</summary>
    public required string Name { get; init; }

    /// <summary>Folders between the model folder and the file.</summary>
    public required string Group { get; init; }

    /// <summary>Full path of the file, or of the first of its shards; where it will be if it is not whole.</summary>
    public required string Path { get; init; }

    /// <summary>Bytes that are there.</summary>
    public required long Size { get; init; }

    /// <summary>Bytes that there will be, of the shards that were begun.</summary>
    public required long Length { get; init; }

    /// <summary>False: a download is running or was stopped.</summary>
    public required bool IsWhole { get; init; }
}
