using InferenceServer.Inference.Remote.Frames;

namespace InferenceServer.Inference.Remote;

/// <summary>The engine's side of the way out: whole frames, one after the other, by any thread. Waits while the host does not take them; a host that is gone takes none.</summary>
/// <param name="stream">To the host.</param>
internal sealed class FrameSender(Stream stream)
{
    private readonly Lock _gate = new();
    private readonly FrameWriter _writer = new();

    /// <summary>Sends what a method writes of a value.</summary>
    public void Send<T>(Action<FrameWriter, T> write, T value)
    {
        lock (_gate)
        {
            _writer.Clear();
            write(_writer, value);
            Send(_writer);
        }
    }

    /// <summary>Sends what was written elsewhere, and forgets it there.</summary>
    public void SendWritten(FrameWriter written)
    {
        lock (_gate)
        {
            Send(written);
        }
    }

    private void Send(FrameWriter written)
    {
        try
        {
            stream.Write(written.Written.Span);
        }
        catch (IOException)
        {
            // Whoever reads from the host ends the process.
        }

        written.Clear();
    }
}
