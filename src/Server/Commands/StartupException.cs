namespace InferenceServer.Server.Commands;

/// <summary>The server cannot start; the message says why, one line per reason, and the operator sees nothing else.</summary>
internal sealed class StartupException(ExitCode exitCode, string message) : Exception(message)
{
    /// <summary>What the process ends with.</summary>
    public ExitCode ExitCode { get; } = exitCode;
}
