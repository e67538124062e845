using System.Text;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>Looks into the system's registry of devices. The libraries must be loaded.</summary>
internal static class IORegistry
{
    private const string ServicePlane = "IOService";

    /// <summary>Calls back for every service of a class.</summary>
    /// <param name="name">Of the class.</param>
    /// <param name="visit">Gets the entry, valid during the call; false ends the walk.</param>
    public static void VisitServices(string name, Func<uint, bool> visit)
    {
        var matching = IOKitApi.IOServiceMatching(name);
        if (matching != 0 && IOKitApi.IOServiceGetMatchingServices(0, matching, out var iterator) == 0)
        {
            Visit(iterator, visit);
        }
    }

    /// <summary>Calls back for every entry right below another.</summary>
    public static void VisitChildren(uint entry, Func<uint, bool> visit)
    {
        if (IOKitApi.IORegistryEntryGetChildIterator(entry, ServicePlane, out var iterator) == 0)
        {
            Visit(iterator, visit);
        }
    }

    /// <summary>An entry's name; empty if it has none.</summary>
    public static string GetName(uint entry)
    {
        Span<byte> name = stackalloc byte[128];
        return IOKitApi.IORegistryEntryGetName(entry, name) == 0 ? Encoding.UTF8.GetString(name[..Math.Max(0, name.IndexOf((byte)0))]) : "";
    }

    /// <summary>A property; null if there is none.</summary>
    public static CFObject? GetProperty(uint entry, CFObject key) => CFObject.Take(IOKitApi.IORegistryEntryCreateCFProperty(entry, key.Value, 0, 0));

    /// <summary>All properties; null if they cannot be had.</summary>
    public static CFObject? GetProperties(uint entry) =>
        IOKitApi.IORegistryEntryCreateCFProperties(entry, out var properties, 0, 0) == 0 ? CFObject.Take(properties) : null;

    private static void Visit(uint iterator, Func<uint, bool> visit)
    {
        try
        {
            var goesOn = true;
            while (goesOn && IOKitApi.IOIteratorNext(iterator) is not 0 and var entry)
            {
                try
                {
                    goesOn = visit(entry);
                }
                finally
                {
                    _ = IOKitApi.IOObjectRelease(entry);
                }
            }
        }
        finally
        {
            _ = IOKitApi.IOObjectRelease(iterator);
        }
    }
}
