using InferenceServer.Server.Commands;

namespace InferenceServer.Server.Hosting;

/// <summary>Why the process is to end other than by being asked to. The first reason counts. Any thread.</summary>
internal sealed class ProcessOutcome
{
    private StartupException? _failure;

    /// <summary>Records a reason.</summary>
    public void Fail(ExitCode exitCode, string message) => Interlocked.CompareExchange(ref _failure, new StartupException(exitCode, message), null);

    /// <summary>Throws the reason if there is one.</summary>
    public void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw failure;
        }
    }
}
