using System.Globalization;
using InferenceServer.Server.Machines;

namespace InferenceServer.Server.Doctor;

/// <summary>Settings of a Mac that decide whether it serves day and night at full speed.</summary>
internal static class MacChecks
{
    // The first release whose Metal keeps memory resident on demand (reference: llama.cpp's residency sets).
    private const int LeastVersion = 15;

    // macOS and its services want this much, whatever the GPU's limit is set to.
    private const long Reserve = 8L << 30;

    /// <summary>A line for each setting that the system tells.</summary>
    public static IEnumerable<Finding> Examine(MacFacts facts)
    {
        if (facts.Hardware.TryGetValue("Model Name", out var model))
        {
            yield return Finding.Ok("model", $"{model}, {facts.Kernel.GetValueOrDefault("hw.model", "identifier unknown")}, {facts.Hardware.GetValueOrDefault("Total Number of Cores", "?")} cores");
        }

        if (facts.Kernel.TryGetValue("kern.osproductversion", out var version))
        {
            yield return int.TryParse(version.Split('.')[0], CultureInfo.InvariantCulture, out var major) && major < LeastVersion
                ? Finding.Warning("macOS", $"{version}: before {LeastVersion} Metal may let go of an idle model's memory", "update macOS")
                : Finding.Ok("macOS", version);
        }

        if (facts.Kernel.GetValueOrDefault("sysctl.proc_translated") == "1")
        {
            yield return Finding.Error("translation", "this is the build for Intel, translated by Rosetta: it cannot use the GPU", "install the build for arm64 (osx-arm64)");
        }

        if (facts.Kernel.TryGetValue("iogpu.wired_limit_mb", out var limit) && long.TryParse(limit, CultureInfo.InvariantCulture, out var megabytes))
        {
            yield return ExamineLimit(megabytes, facts);
        }

        foreach (var finding in ExaminePower(facts.Power))
        {
            yield return finding;
        }

        if (facts.FileVault.StartsWith("FileVault is ", StringComparison.Ordinal))
        {
            // The rest of the line may say how far it is; other lines are about users.
            var state = facts.FileVault.Split('\n')[0].TrimEnd('.');
            yield return state.StartsWith("FileVault is On", StringComparison.Ordinal)
                ? Finding.Warning("FileVault", $"{state}: after a power cut the Mac waits for somebody to unlock it, and no service runs before", "for planned restarts: sudo fdesetup authrestart; else decide between a disk that nobody can read and a service that comes back alone")
                : Finding.Ok("FileVault", $"{state}: the service comes back alone after a power cut, and whoever has the disk can read it");
        }
    }

    private static Finding ExamineLimit(long megabytes, MacFacts facts)
    {
        if (megabytes == 0)
        {
            return Finding.Ok("GPU memory", "the system's default share (iogpu.wired_limit_mb=0)");
        }

        var text = $"iogpu.wired_limit_mb={megabytes.ToString(CultureInfo.InvariantCulture)}, {MemoryAdvice.Size(megabytes << 20)}";
        return facts.Kernel.TryGetValue("hw.memsize", out var size) && long.TryParse(size, CultureInfo.InvariantCulture, out var bytes) && (megabytes << 20) > bytes - Reserve
            ? Finding.Warning("GPU memory", $"{text}: leaves less than {MemoryAdvice.Size(Reserve)} for the system", "set a smaller one, or 0 for the default; it is lost at a restart anyway")
            : Finding.Ok("GPU memory", $"{text}; a restart sets it back to 0 unless a LaunchDaemon sets it again");
    }

    private static IEnumerable<Finding> ExaminePower(IReadOnlyDictionary<string, string> power)
    {
        // powermode where there is a high one, lowpowermode elsewhere.
        var mode = power.GetValueOrDefault("powermode") ?? power.GetValueOrDefault("lowpowermode");
        if (mode is not null)
        {
            yield return mode switch
            {
                "1" => Finding.Warning("power mode", "low: the GPU runs at a fraction of its speed", "sudo pmset -a lowpowermode 0 (or powermode 2 where there is a high one)"),
                "2" => Finding.Ok("power mode", "high"),
                _ => Finding.Ok("power mode", "automatic"),
            };
        }

        if (power.TryGetValue("sleep", out var sleep))
        {
            yield return sleep == "0"
                ? Finding.Ok("sleep", "never")
                : Finding.Warning("sleep", $"after {sleep} idle minutes: nothing is served then (while a model is served, the server keeps the Mac awake)", "sudo pmset -a sleep 0");
        }

        if (power.TryGetValue("autorestart", out var restart))
        {
            yield return restart == "1"
                ? Finding.Ok("autorestart", "starts again after a power cut")
                : Finding.Warning("autorestart", "stays off after a power cut", "sudo pmset -a autorestart 1");
        }
    }
}
