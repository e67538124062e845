using System.Buffers.Text;
using Microsoft.Win32.SafeHandles;

namespace InferenceServer.Telemetry.Power.Linux;

/// <summary>A file of the kernel that holds one whole number, kept open and read again and again without allocating. One thread at a time.</summary>
internal sealed class SysfsNumber : IDisposable
{
    private readonly SafeFileHandle? _file;

    private SysfsNumber(SafeFileHandle? file, ChannelFault fault)
    {
        _file = file;
        Fault = fault;
    }

    /// <summary>Why it cannot be opened; None if it is open.</summary>
    public ChannelFault Fault { get; }

    /// <summary>Opens it; whatever becomes of that is in <see cref="Fault"/>.</summary>
    public static SysfsNumber Open(string path)
    {
        try
        {
            return new SysfsNumber(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), ChannelFault.None);
        }
        catch (UnauthorizedAccessException)
        {
            return new SysfsNumber(null, ChannelFault.Permission);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new SysfsNumber(null, ChannelFault.NotFound);
        }
        catch (IOException)
        {
            return new SysfsNumber(null, ChannelFault.Failed);
        }
    }

    /// <summary>The number now.</summary>
    /// <param name="value">It; 0 if there is none.</param>
    /// <returns>Why there is none; drivers of sleeping or old devices answer with an error, which is <see cref="ChannelFault.NotSupported"/>.</returns>
    public ChannelFault Read(out long value)
    {
        value = 0;
        if (_file is null)
        {
            return Fault;
        }

        Span<byte> text = stackalloc byte[32];
        try
        {
            var length = RandomAccess.Read(_file, text, 0);
            return Utf8Parser.TryParse(text[..length], out value, out var consumed) && consumed > 0 ? ChannelFault.None : ChannelFault.NotSupported;
        }
        catch (IOException)
        {
            return ChannelFault.NotSupported;
        }
        catch (UnauthorizedAccessException)
        {
            return ChannelFault.Permission;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();
}
