using System.Runtime.InteropServices;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>Signals without the time that starting a program takes. Unix.</summary>
internal static partial class ProcessSignal
{
    /// <summary>Ends it.</summary>
    public static void Kill(int process) => Send(process, 9);

    /// <summary>Halts it where it is.</summary>
    public static void Stop(int process) => Send(process, OperatingSystem.IsMacOS() ? 17 : 19);

    /// <summary>Lets it go on.</summary>
    public static void Continue(int process) => Send(process, OperatingSystem.IsMacOS() ? 19 : 18);

    /// <summary>
    /// Ends a .NET process by a signal that stands for a fault. The runtime takes the first for the fault itself, and goes back to what would bring it up again, this time
    /// without a handler: it takes two.
    /// </summary>
    public static void Fault(int process, int signal)
    {
        Send(process, signal);
        Thread.Sleep(50);
        _ = Call(process, signal);
    }

    /// <summary>Sends any.</summary>
    public static void Send(int process, int signal) => Assert.Equal(0, Call(process, signal));

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Call(int process, int signal);
}
