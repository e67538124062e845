using System.ComponentModel;
using System.Diagnostics;

namespace InferenceServer.Server.Sleep;

/// <summary>
/// Keeps a Linux machine awake by an idle inhibitor of logind, held by a child process: the system does not go to sleep by itself, and whoever wants
/// it to sleep still can. <c>systemd-inhibit --list</c> shows it. The child ends with this process, whatever way that ends.
/// </summary>
internal static class LogindWakeLock
{
    /// <summary>Who holds it, for logind.</summary>
    public const string Who = "inference-server";

    /// <summary>What it holds off: going to sleep for want of anything to do.</summary>
    public const string What = "idle";

    // One that is refused says so at once.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Takes it.</summary>
    /// <param name="program">systemd-inhibit.</param>
    /// <param name="why">For whoever asks what keeps the machine awake.</param>
    public static WakeLock Take(string program, string why)
    {
        // It holds the lock while its command runs, and this command runs until its input ends: when the process that holds the other end does.
        var start = new ProcessStartInfo(program, [$"--what={What}", "--mode=block", $"--who={Who}", $"--why={why}", "cat"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What it has to say of itself is nothing that a service manager wants to hear of us.
        start.Environment.Remove("NOTIFY_SOCKET");
        Process? child;
        try
        {
            child = Process.Start(start);
        }
        catch (Win32Exception)
        {
            return new WakeLock(null, $"there is no {program}");
        }

        if (child is null || !child.WaitForExit(Patience))
        {
            return new WakeLock(
                () =>
                {
                    child?.StandardInput.Close();
                    child?.Dispose();
                },
                null);
        }

        using (child)
        {
            return new WakeLock(null, child.StandardError.ReadToEnd().Trim());
        }
    }
}
