namespace InferenceServer.Inference.Remote;

/// <summary>Why the engine's process ended, or had to. The words are labels of metrics.</summary>
internal enum EngineExit
{
    /// <summary>It left by itself, with an exit code.</summary>
    Exited,

    /// <summary>It ended itself by SIGABRT: an assertion of the native library, most likely.</summary>
    Aborted,

    /// <summary>SIGKILL: somebody, or a system that does not tell.</summary>
    Killed,

    /// <summary>SIGKILL, and the system counts a process that it ended for want of memory.</summary>
    OutOfMemory,

    /// <summary>Another signal: an access to memory that is not there, for example.</summary>
    Signal,

    /// <summary>The engine stopped on an error of its own, and said so.</summary>
    Failed,

    /// <summary>The model could not be loaded again.</summary>
    LoadFailed,

    /// <summary>No sign of life, or a step that took far longer than any.</summary>
    Hang,

    /// <summary>There was work, no step ran, and nothing went on.</summary>
    Stalled,

    /// <summary>Commands were in the queue, and nobody took them.</summary>
    QueueStuck,

    /// <summary>The KV books did not match the library's memory, or cells were held by nobody while idle.</summary>
    Books,

    /// <summary>What came from it was no frame.</summary>
    BadFrame,
}
