namespace InferenceServer.Telemetry.Power.Linux;

/// <summary>A zone of the kernel's <c>powercap</c> tree: a package, or a part of one.</summary>
/// <param name="Folder">Where it is.</param>
/// <param name="Name">Its own name, such as <c>package-0</c>, <c>core</c> or <c>dram</c>; folder names are numbers in the order of registration.</param>
/// <param name="Parent">Name of the zone that it lies in; null for a package and for <c>psys</c>.</param>
internal sealed record RaplZone(string Folder, string Name, string? Parent)
{
    /// <summary>A name that no other zone has.</summary>
    public string Path => Parent is null ? Name : $"{Parent}/{Name}";

    /// <summary>
    /// All zones below a folder, each once: a package can be in the tree by two ways (<c>intel-rapl</c>, <c>intel-rapl-mmio</c>), which count
    /// the same joules.
    /// </summary>
    /// <param name="root">Normally <c>/sys/class/powercap</c>.</param>
    public static IReadOnlyList<RaplZone> Find(string root)
    {
        var folders = SysfsText.Folders(root).ToDictionary(folder => System.IO.Path.GetFileName(folder), StringComparer.Ordinal);
        var zones = new Dictionary<string, RaplZone>(StringComparer.Ordinal);

        // Ordinal order puts intel-rapl-mmio before intel-rapl:0.
        foreach (var (id, folder) in folders.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            // intel-rapl is the control type, intel-rapl:0 a zone, intel-rapl:0:1 a zone in it.
            var parts = id.Split(':');
            if (parts.Length is not (2 or 3) || !parts[0].StartsWith("intel-rapl", StringComparison.Ordinal)
                || SysfsText.Read(System.IO.Path.Combine(folder, "name")) is not { } name)
            {
                continue;
            }

            var parent = parts.Length == 3 && folders.TryGetValue($"{parts[0]}:{parts[1]}", out var parentFolder)
                ? SysfsText.Read(System.IO.Path.Combine(parentFolder, "name"))
                : null;
            var zone = new RaplZone(folder, name, parent);
            zones.TryAdd(zone.Path, zone);
        }

        return [.. zones.Values];
    }
}
