namespace InferenceServer.Server.Downloads;

/// <summary>How a download ended. Each but the first two comes with a line for people.</summary>
internal enum DownloadStatus
{
    /// <summary>The file is there, whole, and has the hash that was known.</summary>
    Done,

    /// <summary>It was there already.</summary>
    AlreadyThere,

    /// <summary>The server has no such file.</summary>
    NotFound,

    /// <summary>The server does not let this client have it.</summary>
    Refused,

    /// <summary>The server could not be reached, failed or broke off too often; what arrived is kept.</summary>
    Failed,

    /// <summary>What arrived is not what was announced; it was deleted.</summary>
    WrongContent,

    /// <summary>The disk is full; what arrived is kept.</summary>
    NoSpace,

    /// <summary>The folder cannot be written to.</summary>
    NotWritable,

    /// <summary>Another process downloads the same file.</summary>
    InUse,

    /// <summary>The caller gave up; what arrived is kept.</summary>
    Cancelled,
}
