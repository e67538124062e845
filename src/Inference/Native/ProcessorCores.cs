using System.Globalization;

namespace InferenceServer.Inference.Native;

/// <summary>
/// How many threads a step should have: one per core that computes at full speed. A second thread on a core, or a thread
/// on an efficiency core, makes every operation wait for it.
/// </summary>
internal static class ProcessorCores
{
    private const string LinuxProcessors = "/sys/devices/system/cpu";

    // Only there on Intel processors with two kinds of core.
    private const string LinuxPerformanceCores = "/sys/devices/cpu_core/cpus";

    /// <summary>Performance cores where the system tells, else cores, and never more than this process may use; at least 1.</summary>
    public static int Count()
    {
        var cores = OperatingSystem.IsMacOS() ? CountOnMac() : OperatingSystem.IsLinux() ? CountOnLinux() : null;
        return Math.Clamp(cores ?? Environment.ProcessorCount, 1, Environment.ProcessorCount);
    }

    /// <summary>Cores behind the lists of processors that share one, as Linux writes them (<c>0,8</c> or <c>0-1</c>); with a second list, only cores in it.</summary>
    public static int CountDistinct(IEnumerable<string> siblingLists, string? performanceList)
    {
        var performance = performanceList is null ? null : Parse(performanceList).ToHashSet();
        return siblingLists.Select(list => Parse(list).Min())
            .Where(first => performance is null || performance.Contains(first))
            .Distinct()
            .Count();
    }

    private static unsafe int? CountOnMac()
    {
        var count = 0;
        nuint size = sizeof(int);
        fixed (byte* name = "hw.perflevel0.physicalcpu\0"u8)
        {
            return SystemApi.sysctlbyname(name, &count, &size, null, 0) == 0 && count > 0 ? count : null;
        }
    }

    private static int? CountOnLinux()
    {
        try
        {
            var siblings = Directory.EnumerateDirectories(LinuxProcessors, "cpu*")
                .Select(folder => Path.Combine(folder, "topology", "thread_siblings_list"))
                .Where(File.Exists)
                .Select(File.ReadAllText);
            var performance = File.Exists(LinuxPerformanceCores) ? File.ReadAllText(LinuxPerformanceCores) : null;
            var count = CountDistinct(siblings, performance);
            return count > 0 ? count : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            // A container may hide what the machine is made of.
            return null;
        }
    }

    private static IEnumerable<int> Parse(string list)
    {
        foreach (var range in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = range.Split('-');
            var first = int.Parse(ends[0], CultureInfo.InvariantCulture);
            var last = int.Parse(ends[^1], CultureInfo.InvariantCulture);
            for (var processor = first; processor <= last; processor++)
            {
                yield return processor;
            }
        }
    }
}
