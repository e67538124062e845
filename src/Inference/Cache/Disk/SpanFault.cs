namespace InferenceServer.Inference.Cache.Disk;

/// <summary>Why a file is not used. Every one of them is dropped and counted; none is an error to a request.</summary>
internal enum SpanFault
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>Shorter or longer than it says.</summary>
    Truncated,

    /// <summary>A checksum does not match, or a number is impossible.</summary>
    Corrupt,

    /// <summary>Of another format version, or no file of ours.</summary>
    Version,

    /// <summary>Sound, but not what its name says.</summary>
    Mismatch,

    /// <summary>Made by another model, other settings or another release of llama.cpp. Stays until its room is needed or it expires: its model may come back.</summary>
    Foreign,

    /// <summary>Not used for long.</summary>
    Expired,

    /// <summary>The system could not read it, or not in time.</summary>
    Unreadable,
}
