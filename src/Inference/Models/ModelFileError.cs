namespace InferenceServer.Inference.Models;

/// <summary>Why a file cannot be served. Each comes with a line that says which file, what and where.</summary>
public enum ModelFileError
{
    /// <summary>Nothing is wrong that the header can show.</summary>
    None,

    /// <summary>There is no such file.</summary>
    NotFound,

    /// <summary>The path names a directory.</summary>
    IsDirectory,

    /// <summary>The file is there but this process may not read it.</summary>
    NoPermission,

    /// <summary>The system could not read it: a bad disk, a network share that went away.</summary>
    Unreadable,

    /// <summary>Another kind of file.</summary>
    NotGguf,

    /// <summary>GGUF, but of a version or byte order that llama.cpp does not read.</summary>
    UnsupportedVersion,

    /// <summary>The file ends before its header says it does; usually an unfinished download.</summary>
    Truncated,

    /// <summary>The header contradicts itself or holds values that make no sense.</summary>
    Malformed,

    /// <summary>A key that every model needs is not there.</summary>
    MissingKey,

    /// <summary>The bundled llama.cpp does not know this architecture, or this server cannot drive it.</summary>
    UnsupportedArchitecture,

    /// <summary>A tensor has a type that the bundled llama.cpp does not know, or no longer.</summary>
    UnsupportedTensorType,

    /// <summary>A sound file that is no text generator: an embedding model, a projector, an adapter, a draft head, an importance matrix.</summary>
    NotGenerative,

    /// <summary>A sound file of a model that generates text, where one that embeds was wanted.</summary>
    NotEmbedding,

    /// <summary>A vocabulary without a single tensor.</summary>
    NoWeights,

    /// <summary>One of several shards, but not the first, which is the one to name.</summary>
    NotFirstShard,

    /// <summary>The file is the first of several shards and another one is not there.</summary>
    MissingShard,

    /// <summary>The shards do not belong together.</summary>
    InconsistentShards,
}
