namespace InferenceServer.Server.Commands;

/// <summary>How the process ended, for scripts and service managers.</summary>
internal enum ExitCode
{
    /// <summary>Stopped as asked.</summary>
    Ok = 0,

    /// <summary>A bug.</summary>
    Unexpected = 1,

    /// <summary>An option is unknown, malformed or out of range. Starting again will not help.</summary>
    BadOptions = 2,

    /// <summary>The model's file or the chat template is missing, broken or not usable. Starting again will not help.</summary>
    BadModel = 3,

    /// <summary>The engine could not start: no native library, no such device, not enough memory; or the device failed for good.</summary>
    EngineFailed = 4,

    /// <summary>The port is taken, or the address is not this machine's.</summary>
    CannotListen = 5,

    /// <summary>The model does not fit into the machine's memory: nothing was loaded. Starting again helps only if memory was freed.</summary>
    DoesNotFit = 6,

    /// <summary>A file could not be downloaded: the server does not have it, refuses it, fails or cannot be reached. What arrived is kept.</summary>
    DownloadFailed = 7,

    /// <summary>What was downloaded has the wrong hash or length, or is no model; a prefix on disk is damaged.</summary>
    WrongContent = 8,

    /// <summary>The disk is full. What arrived is kept.</summary>
    NoSpace = 9,

    /// <summary>The model folder, the file of keys or the folder of prefixes cannot be written to.</summary>
    NotWritable = 10,

    /// <summary>Another process downloads the same file, or uses the folder of prefixes.</summary>
    InUse = 11,

    /// <summary>The service could not be installed, changed or taken away, or it does not run.</summary>
    ServiceFailed = 12,

    /// <summary>The doctor found something that will hurt some day, and nothing worse.</summary>
    DoctorWarns = 13,

    /// <summary>The doctor found something that keeps the server from serving, or a claim that does not hold.</summary>
    DoctorFails = 14,

    /// <summary>Stopped by a signal before it was done. What arrived is kept.</summary>
    Interrupted = 130,
}
