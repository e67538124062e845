using System.Runtime.InteropServices;

namespace InferenceServer.Server.Hosting;

/// <summary>Listens for SIGTERM and Ctrl+C beside the host, which stops at the first; the second one ends the <see cref="Drain"/> at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Drain _drain;
    private int _numSignals;

    /// <summary>Listens from now on.</summary>
    public StopSignals(Drain drain)
    {
        _drain = drain;
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal), PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal)];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _numSignals) > 1)
        {
            _drain.Hurry();
        }
    }
}
