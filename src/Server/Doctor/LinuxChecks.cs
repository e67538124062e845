namespace InferenceServer.Server.Doctor;

/// <summary>Settings of a Linux machine that decide how fast it serves.</summary>
/// <param name="root">Where <c>sys</c> and <c>etc</c> are; tests put folders of their own there.</param>
internal sealed class LinuxChecks(string root = "/")
{
    /// <summary>The distribution's name for itself; null if it has none.</summary>
    public string? SystemName => ReadLines("etc/os-release").FirstOrDefault(line => line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal))?.Split('=', 2)[1].Trim('"');

    /// <summary>A line for each setting that the system tells.</summary>
    public IEnumerable<Finding> Examine()
    {
        if (Read("sys/firmware/acpi/platform_profile") is { } profile)
        {
            yield return profile is "low-power" or "quiet"
                ? Finding.Warning("power mode", $"the machine's profile is {profile}", "echo performance | sudo tee /sys/firmware/acpi/platform_profile")
                : Finding.Ok("power mode", profile);
        }

        if (Read("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") is { } governor)
        {
            // With these drivers the word means "as fast as needed".
            var isActive = Read("sys/devices/system/cpu/cpu0/cpufreq/scaling_driver") is "intel_pstate" or "amd-pstate-epp";
            yield return governor == "powersave" && !isActive
                ? Finding.Warning("frequency", "the governor powersave keeps the processor at its lowest clock", "sudo cpupower frequency-set --governor performance")
                : Finding.Ok("frequency", $"governor {governor}");
        }
    }

    private string? Read(string file) => ReadLines(file) is [{ Length: > 0 } line, ..] ? line.Trim() : null;

    private string[] ReadLines(string file)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(root, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
