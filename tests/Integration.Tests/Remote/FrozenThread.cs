using System.Globalization;
using System.Runtime.InteropServices;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>One thread of a child process that stands still where it is, by ptrace, while the others go on. Linux; until it is disposed or the process ends.</summary>
internal sealed partial class FrozenThread : IDisposable
{
    private const int Seize = 0x4206;
    private const int Interrupt = 0x4207;
    private const int Detach = 17;
    private const int NoHang = 1;
    private const int AllThreads = 0x4000_0000;

    // The kernel keeps so much of a name.
    private const int MaxNameLength = 15;

    private readonly int _id;
    private readonly Thread _tracer;
    private readonly TaskCompletionSource<int> _frozen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isDisposed;

    private FrozenThread(int id)
    {
        _id = id;

        // The kernel takes orders from the one thread that traces, which must also reap what it traced: else the process could not be reaped either.
        _tracer = new Thread(Trace) { Name = "tracer", IsBackground = true };
        _tracer.Start();
    }

    /// <summary>Halts the thread of a name. Skips the test where the system does not let one process halt another's threads.</summary>
    public static FrozenThread Freeze(int process, string name)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Halting one thread of another process needs Linux.");
        var frozen = new FrozenThread(Find(process, name));
        var error = frozen._frozen.Task.GetAwaiter().GetResult();
        Skip.If(error != 0, $"This system does not let a process halt the threads of another: {Marshal.GetPInvokeErrorMessage(error)}.");
        return frozen;
    }

    /// <summary>Lets it go on, if it is still there.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _tracer.Join();
    }

    private static int Find(int process, string name)
    {
        var kept = name[..Math.Min(MaxNameLength, name.Length)];
        var thread = Assert.Single(Directory.GetDirectories($"/proc/{process}/task"), task => File.ReadAllText(Path.Combine(task, "comm")).Trim() == kept);
        return int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture);
    }

    private void Trace()
    {
        if (Call(Seize, _id, 0, 0) != 0 || Call(Interrupt, _id, 0, 0) != 0)
        {
            _frozen.SetResult(Marshal.GetLastPInvokeError());
            return;
        }

        while (true)
        {
            var found = Wait(_id, out var status, NoHang | AllThreads);
            if (found < 0 || (found == _id && !IsStopped(status)))
            {
                _frozen.TrySetResult(0);
                return;
            }

            if (found == _id)
            {
                _frozen.TrySetResult(0);
            }

            if (_isDisposed)
            {
                _ = Call(Detach, _id, 0, 0);
                return;
            }

            Thread.Sleep(5);
        }
    }

    // WIFSTOPPED.
    private static bool IsStopped(int status) => (status & 0xFF) == 0x7F;

    [LibraryImport("libc", EntryPoint = "ptrace", SetLastError = true)]
    private static partial nint Call(nint request, int thread, nint address, nint data);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int Wait(int thread, out int status, int options);
}
