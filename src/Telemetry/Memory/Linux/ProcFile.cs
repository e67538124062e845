using Microsoft.Win32.SafeHandles;

namespace InferenceServer.Telemetry.Memory.Linux;

/// <summary>A text of the kernel, kept open and read again and again into the same buffer. One thread at a time.</summary>
internal sealed class ProcFile(string path, int maxBytes) : IDisposable
{
    private readonly byte[] _buffer = new byte[maxBytes];
    private SafeFileHandle? _file;
    private bool _isMissing;

    /// <summary>The text now, valid until the next reading; empty if it cannot be read.</summary>
    public ReadOnlySpan<byte> Read()
    {
        if (_isMissing)
        {
            return [];
        }

        try
        {
            _file ??= File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return _buffer.AsSpan(0, RandomAccess.Read(_file, _buffer, 0));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What is not there will not come; an error of a file that is open is one of the moment.
            _isMissing = _file is null;
            return [];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();
}
