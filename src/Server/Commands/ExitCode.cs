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
}
