using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using InferenceServer.Inference.Remote.Frames;

namespace InferenceServer.Inference.Remote;

/// <summary>
/// An engine's process as its host has it: started, connected, and killed and reaped at the end. Made, read and disposed by one thread, which must live longer
/// (Linux ends the process with it); any thread sends and kills.
/// </summary>
internal sealed class EngineChild : IDisposable
{
    /// <summary>Of the lines that it wrote to its standard error, the last so many are kept: an assertion's text, and where it was.</summary>
    private const int MaxErrorLines = 24;

    // macOS has room for 104 bytes; there the folder for temporary files alone takes 49.
    private const int MaxFolderLength = 80;

    // The runtime's start takes 0.2 s, on a machine that swaps far longer.
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan ErrorPatience = TimeSpan.FromMilliseconds(500);

    private readonly Process _process;
    private readonly Queue<string> _errors = new();
    private readonly TaskCompletionSource _errorsEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private Socket? _down;
    private NetworkStream? _up;

    private EngineChild(Process process) => _process = process;

    /// <summary>Its id.</summary>
    public int Id => _process.Id;

    /// <summary>What it sends; null until <see cref="TryConnect"/>.</summary>
    public FrameSource? Source { get; private set; }

    /// <summary>What it wrote to its standard error last, oldest first.</summary>
    public IReadOnlyList<string> LastErrors
    {
        get
        {
            lock (_errors)
            {
                return [.. _errors];
            }
        }
    }

    /// <summary>Starts the process and waits until it has connected. A process that does not is there all the same, and has no <see cref="Source"/>.</summary>
    /// <param name="command">The program, and what comes before the words of ours: the hidden command.</param>
    /// <param name="stopping">Set: nobody waits any more.</param>
    public static EngineChild Start(IReadOnlyList<string> command, ManualResetEventSlim stopping)
    {
        var folder = CreateFolder();
        try
        {
            var path = Path.Combine(folder, "s");
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen(2);
            var start = new ProcessStartInfo(command[0]) { RedirectStandardError = true, RedirectStandardInput = true };
            foreach (var word in command.Skip(1).Concat([path, Environment.ProcessId.ToString(CultureInfo.InvariantCulture)]))
            {
                start.ArgumentList.Add(word);
            }

            var child = new EngineChild(Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} was not started."));
            child._process.ErrorDataReceived += (_, line) => child.Remember(line.Data);
            child._process.BeginErrorReadLine();
            child._process.StandardInput.Close();
            child.TryConnect(listener, stopping);
            return child;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Sends frames, in the order of the calls, without waiting. To one that is gone they are lost.</summary>
    public void Send(ReadOnlyMemory<byte> frames)
    {
        lock (_gate)
        {
            if (_down is { } socket)
            {
                _ = SendAsync(socket, frames);
            }
        }
    }

    /// <summary>Ends it at once. It may have ended already.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has.
        }
    }

    /// <summary>Waits for its end; null if it does not end in time.</summary>
    /// <returns>The exit code; 128 and the signal's number for one that a signal ended.</returns>
    public int? WaitForExit(TimeSpan patience)
    {
        if (!_process.WaitForExit(patience))
        {
            return null;
        }

        // Its last lines may still be on their way. Whoever it started may hold the other end: not for ever.
        _errorsEnded.Task.Wait(ErrorPatience);
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _down?.Dispose();
            _down = null;
        }

        _up?.Dispose();
        _process.Dispose();
    }

    // For this user alone.
    private static string CreateFolder()
    {
        try
        {
            if (Path.GetTempPath().Length <= MaxFolderLength)
            {
                return Directory.CreateTempSubdirectory("engine-").FullName;
            }

            if (OperatingSystem.IsWindows())
            {
                throw new PlatformNotSupportedException("The engine's process needs Linux or macOS; Engine:Isolation=none needs less.");
            }

            var folder = Path.Combine("/tmp", $"engine-{Guid.NewGuid():N}");
            return Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A container with a read-only root, for example.
            throw new IOException($"its sockets want a folder that can be written to, and {Path.GetTempPath()} is none (TMPDIR names another): {exception.Message}", exception);
        }
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> frames)
    {
        try
        {
            // The system takes it at once, or the rest as it can: in order in either case.
            await socket.SendAsync(frames).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Whoever reads from it learns that it is gone.
        }
    }

    private void TryConnect(Socket listener, ManualResetEventSlim stopping)
    {
        var up = Accept(listener, stopping);
        _down = up is null ? null : Accept(listener, stopping);
        if (up is null || _down is null)
        {
            up?.Dispose();
            return;
        }

        _up = new NetworkStream(up, ownsSocket: true);
        Source = new FrameSource(_up);
    }

    private Socket? Accept(Socket listener, ManualResetEventSlim stopping)
    {
        var start = Stopwatch.GetTimestamp();
        while (!_process.HasExited && !stopping.IsSet && Stopwatch.GetElapsedTime(start) < ConnectPatience)
        {
            if (listener.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectRead))
            {
                return listener.Accept();
            }
        }

        return null;
    }

    private void Remember(string? line)
    {
        if (line is null)
        {
            _errorsEnded.TrySetResult();
        }

        if (string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        lock (_errors)
        {
            _errors.Enqueue(line);
            if (_errors.Count > MaxErrorLines)
            {
                _errors.Dequeue();
            }
        }
    }
}
