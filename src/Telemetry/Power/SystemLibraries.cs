using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace InferenceServer.Telemetry.Power;

/// <summary>
/// The libraries of systems and drivers that this project calls, by short names: where they are, and whether they are there. Every call of
/// an import must come after <see cref="TryLoad"/> of its library, which also teaches the runtime the names. Any thread.
/// </summary>
internal static class SystemLibraries
{
    public const string CoreFoundation = "CoreFoundation";
    public const string IOKit = "IOKit";
    public const string IOReport = "IOReport";
    public const string MacSystem = "MacSystem";
    public const string ObjectiveC = "ObjectiveC";
    public const string Metal = "Metal";
    public const string Nvml = "Nvml";

    // Apple's are in the loader's cache and not on disk, so only loading tells whether they are there. NVIDIA's: the driver's
    // name for it, then where Windows' Linux and NixOS keep it.
    private static readonly Dictionary<string, string[]> Places = new()
    {
        [CoreFoundation] = ["/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation"],
        [IOKit] = ["/System/Library/Frameworks/IOKit.framework/IOKit"],
        [IOReport] = ["/usr/lib/libIOReport.dylib"],
        [MacSystem] = ["/usr/lib/libSystem.dylib"],
        [ObjectiveC] = ["/usr/lib/libobjc.dylib"],
        [Metal] = ["/System/Library/Frameworks/Metal.framework/Metal"],
        [Nvml] = ["libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1", "/run/opengl-driver/lib/libnvidia-ml.so.1"],
    };

    private static readonly ConcurrentDictionary<string, nint> Loaded = new();
    private static readonly ConcurrentDictionary<string, string> Replaced = new();

    static SystemLibraries() =>
        NativeLibrary.SetDllImportResolver(typeof(SystemLibraries).Assembly, static (name, _, _) => Loaded.GetValueOrDefault(name));

    /// <summary>Loads a library unless it is loaded; it stays.</summary>
    /// <param name="name">One of the names above.</param>
    /// <param name="path">Where it is, if the usual places are not meant; does not replace what is loaded.</param>
    /// <returns>False if it is not there.</returns>
    public static bool TryLoad(string name, string? path = null)
    {
        if (Loaded.ContainsKey(name))
        {
            return true;
        }

        foreach (var place in path is null ? Places[name] : [path])
        {
            if (NativeLibrary.TryLoad(place, out var handle))
            {
                Loaded.TryAdd(name, handle);
                if (path is not null)
                {
                    Replaced.TryAdd(name, path);
                }

                return true;
            }
        }

        return false;
    }

    /// <summary>True if a library was loaded from elsewhere than the system's places: a stand-in that works on any system.</summary>
    public static bool IsReplaced(string name) => Replaced.ContainsKey(name);

    /// <summary>The address of something a loaded library exports; 0 if it does not.</summary>
    public static nint GetExport(string name, string symbol) =>
        Loaded.TryGetValue(name, out var handle) && NativeLibrary.TryGetExport(handle, symbol, out var address) ? address : 0;
}
