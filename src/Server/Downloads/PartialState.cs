using System.Text.Json.Serialization;

namespace InferenceServer.Server.Downloads;

/// <summary>What is known of an unfinished download, beside its file: enough to go on after the process ended.</summary>
internal sealed record PartialState
{
    /// <summary>Bytes that the file is to have.</summary>
    public required long Length { get; init; }

    /// <summary><see cref="RemoteFile.Version"/>.</summary>
    public required string? Version { get; init; }

    /// <summary>Bytes in a part; the last one may have fewer.</summary>
    public required int PartLength { get; init; }

    /// <summary>Bytes that are there from the beginning of each part.</summary>
    public required int[] Done { get; init; }

    /// <summary>True if these parts make up the file.</summary>
    [JsonIgnore]
    public bool IsSound => Length > 0 && PartLength > 0 && Done.Length == (Length + PartLength - 1) / PartLength
        && Done.Select((done, part) => done >= 0 && done <= Math.Min(PartLength, Length - ((long)part * PartLength))).All(fits => fits);
}

/// <summary>How the state is written.</summary>
[JsonSerializable(typeof(PartialState))]
internal sealed partial class PartialStateJson : JsonSerializerContext;
