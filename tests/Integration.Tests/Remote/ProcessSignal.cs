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

    private static void Send(int process, int signal) => Assert.Equal(0, Call(process, signal));

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Call(int process, int signal);
}
