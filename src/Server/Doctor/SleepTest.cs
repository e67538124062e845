using System.Diagnostics;
using InferenceServer.Server.Service;
using InferenceServer.Server.Sleep;

namespace InferenceServer.Server.Doctor;

/// <summary>Asks the system itself whether the server keeps it awake.</summary>
/// <param name="tools">The system's programs.</param>
/// <param name="isMac">False: Linux with logind.</param>
internal sealed class SleepTest(ServiceTools tools, bool isMac)
{
    private const string Name = "The machine does not sleep while it serves";

    // The server looks every few seconds whether it is to keep the machine awake.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    private string Tool => isMac ? "pmset -g assertions" : "systemd-inhibit --list";

    /// <summary>Tries it.</summary>
    /// <param name="processId">The server's; null: any server's lock will do.</param>
    /// <param name="mode">When it is to keep the machine awake. Its last request ended less than a minute ago.</param>
    /// <param name="cancellationToken">To stop.</param>
    public async Task<Claim> RunAsync(int? processId, SleepGuardMode mode, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var words = Tool.Split(' ');
            var (code, output) = await tools.RunAsync(new ServiceStep.Command(words[0], words[1..]), cancellationToken);
            var claim = Judge(code, output, processId, mode);
            if (claim.Verdict != ClaimVerdict.Failed || Stopwatch.GetElapsedTime(start) > Patience)
            {
                return claim;
            }

            await Task.Delay(LookInterval, cancellationToken);
        }
    }

    /// <summary>Whether what the tool says has the server's lock in it.</summary>
    internal Claim Judge(int code, string output, int? processId, SleepGuardMode mode)
    {
        if (code != 0)
        {
            return new Claim(Name, ClaimVerdict.NotTried, $"could not be run here: {output.Split('\n')[0]}");
        }

        return output.Split('\n').Any(line => isMac ? IsAssertion(line, processId) : IsInhibitor(line, processId)) ? new Claim(Name, ClaimVerdict.Passed, $"{Tool} lists it")
            : mode == SleepGuardMode.Never ? new Claim(Name, ClaimVerdict.NotTried, $"{Tool} does not list it, and Server:PreventSleep does not say that it should")
            : new Claim(Name, ClaimVerdict.Failed, $"{Tool} does not list it");
    }

    // pid 4321(InferenceServer): [0x000500a2000193e2] 00:02:11 PreventUserIdleSystemSleep named: "..."
    private static bool IsAssertion(string line, int? processId) =>
        line.Contains($" {MacWakeLock.PreventIdleSleep} named: \"", StringComparison.Ordinal) && line.Contains(WakeLock.WhyOf(processId), StringComparison.Ordinal);

    // WHO UID USER PID COMM WHAT WHY MODE, in columns.
    private static bool IsInhibitor(string line, int? processId)
    {
        var why = line.IndexOf(WakeLock.WhyOf(processId), StringComparison.Ordinal);
        return why > 0
            && line.StartsWith($"{LogindWakeLock.Who} ", StringComparison.Ordinal)
            && line[..why].Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1].Split(':').Contains(LogindWakeLock.What)
            && line.TrimEnd().EndsWith(" block", StringComparison.Ordinal);
    }
}
