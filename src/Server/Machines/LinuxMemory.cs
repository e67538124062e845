using System.Globalization;
using InferenceServer.Inference.Models.Planning;

namespace InferenceServer.Server.Machines;

/// <summary>What bounds memory on Linux: what is free, and what control groups (containers, services) allow.</summary>
/// <param name="root">Where <c>proc</c> and <c>sys</c> are; tests put folders of their own there.</param>
internal sealed class LinuxMemory(string root = "/")
{
    // Version 1 writes the largest whole number of pages for "no limit".
    private const long NoLimit = 1L << 60;

    /// <summary>The limits that there are.</summary>
    public IReadOnlyList<MemoryLimit> ReadLimits()
    {
        var limits = new List<MemoryLimit>();
        if (ReadFields("proc/meminfo").TryGetValue("MemAvailable", out var kilobytes))
        {
            limits.Add(new MemoryLimit("the free memory", kilobytes << 10, IsDevice: false));
        }

        if (ReadGroupRoom() is { } room)
        {
            limits.Add(new MemoryLimit("the control group's memory limit", room, IsDevice: false));
        }

        return limits;
    }

    /// <summary>Bytes of memory that the machine has, which control groups do not change; null if this is no Linux.</summary>
    public long? ReadTotal() => ReadFields("proc/meminfo").TryGetValue("MemTotal", out var kilobytes) ? kilobytes << 10 : null;

    /// <summary>What the strictest group around this process still allows; null if none has a limit.</summary>
    private long? ReadGroupRoom()
    {
        long? least = null;
        foreach (var line in ReadLines("proc/self/cgroup"))
        {
            // "0::/system.slice/x.service" of version 2, "5:memory:/docker/x" of version 1. Inside a container the path may be one of the host's.
            var parts = line.Split(':', 3);
            var folder = parts switch
            {
                ["0", "", _] => "sys/fs/cgroup",
                [_, "memory", _] => "sys/fs/cgroup/memory",
                _ => null,
            };
            for (var path = folder is null ? null : parts[2].TrimEnd('/'); path is not null; path = path.Length == 0 ? null : path[..Math.Max(0, path.LastIndexOf('/'))])
            {
                least = ReadRoomOf(folder + path) is { } room && !(room >= least) ? room : least;
            }
        }

        return least;
    }

    private long? ReadRoomOf(string group)
    {
        var limit = ReadNumber($"{group}/memory.max") ?? ReadNumber($"{group}/memory.limit_in_bytes");
        var used = ReadNumber($"{group}/memory.current") ?? ReadNumber($"{group}/memory.usage_in_bytes");
        if (limit is null or >= NoLimit || used is null)
        {
            return null;
        }

        // Pages of files are given back before anything is killed, those of a model that was read before too.
        var fields = ReadFields($"{group}/memory.stat");
        var files = fields.GetValueOrDefault("file", fields.GetValueOrDefault("total_cache"));
        return Math.Max(0, limit.Value - Math.Max(0, used.Value - files));
    }

    private long? ReadNumber(string file) =>
        ReadLines(file) is [var line, ..] && long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Lines of a name and a number, with or without a colon between and a unit behind.</summary>
    private Dictionary<string, long> ReadFields(string file)
    {
        var fields = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var line in ReadLines(file))
        {
            if (line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries) is [var name, var text, ..]
                && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                fields[name] = number;
            }
        }

        return fields;
    }

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
