using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Native;

/// <summary>
/// Loads llama.cpp into the process, once and for good. Nothing of <see cref="LlamaApi"/> works before. Any thread.
/// </summary>
internal static class NativeLibraries
{
    /// <summary>What the libraries of release v0.4.0, whose header our structs and imports follow, say of themselves: the packages were built from its tag.</summary>
    public const string Version = "0.4.0-dev";

    private static readonly Lock Sync = new();
    private static IReadOnlyDictionary<string, nint> _handles = new Dictionary<string, nint>();
    private static NativeLibraryFolder? _loaded;
    private static bool _isReported;

    /// <summary>
    /// Loads the libraries and all backends of a folder, or of the default one for null (see <see cref="NativeLibraryFolder.Find"/>).
    /// Later calls give the folder that was loaded first; their logger gets the library's lines from then on.
    /// </summary>
    /// <exception cref="NativeLibraryException">A library is missing, broken or of another release, or no backend suits the processor.</exception>
    public static NativeLibraryFolder Load(string? folder, ILogger logger)
    {
        lock (Sync)
        {
            NativeLog.Logger = logger;
            if (_loaded is null)
            {
                if (!OperatingSystem.IsWindows())
                {
                    MetalResidency.KeepAlive();
                }

                var found = NativeLibraryFolder.Find(folder);
                var isFirst = _handles.Count == 0;
                _handles = Open(found);
                if (isFirst)
                {
                    NativeLibrary.SetDllImportResolver(typeof(LlamaApi).Assembly, Resolve);
                }

                NativeLog.Attach();
                LlamaApi.llama_backend_init();
                LoadBackends(found);
                _loaded = found;
            }

            // Whoever loads them only to look at the devices has no log.
            if (!_isReported && logger.IsEnabled(LogLevel.Information))
            {
                _isReported = true;
                Report(_loaded, logger);
            }

            return _loaded;
        }
    }

    /// <summary>Opens the three libraries of a folder and checks that they are the release we know; leaves none open if they are not.</summary>
    /// <returns>Handles by the names that the imports use.</returns>
    /// <exception cref="NativeLibraryException">A library is broken or of another release.</exception>
    public static IReadOnlyDictionary<string, nint> Open(NativeLibraryFolder folder)
    {
        var handles = new Dictionary<string, nint>();
        try
        {
            CheckFiles(folder);

            // In this order: each needs the ones before it.
            handles.Add(LlamaApi.GgmlBase, OpenOne(folder.GgmlBase));
            handles.Add(LlamaApi.Ggml, OpenOne(folder.Ggml));
            handles.Add(LlamaApi.Llama, OpenOne(folder.Llama));
            return NativeAbi.FindMismatch(handles[LlamaApi.Llama]) is { } mismatch
                ? throw new NativeLibraryException($"The library {folder.Llama} is not llama.cpp {Version}: {mismatch}.")
                : handles;
        }
        catch (NativeLibraryException)
        {
            foreach (var handle in handles.Values)
            {
                NativeLibrary.Free(handle);
            }

            throw;
        }
    }

    /// <summary>Looks at every library of the folder, the backends too: the library loads those by itself.</summary>
    private static void CheckFiles(NativeLibraryFolder folder)
    {
        string[] backends = [.. Directory.EnumerateFiles(folder.Path, "libggml-*", SearchOption.AllDirectories)];
        foreach (var file in backends.Prepend(folder.Llama).Prepend(folder.Ggml).Prepend(folder.GgmlBase))
        {
            try
            {
                if (NativeLibraryFile.FindDamage(file, RuntimeInformation.ProcessArchitecture) is { } damage)
                {
                    throw new NativeLibraryException($"The library {file} could not be loaded: {damage}.");
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new NativeLibraryException($"The library {file} could not be read: {exception.Message}", exception);
            }
        }
    }

    private static nint OpenOne(string file)
    {
        try
        {
            return NativeLibrary.Load(file);
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            var reason = exception.Message.ReplaceLineEndings(" ").Trim();
            throw new NativeLibraryException($"The library {file} could not be loaded: {reason}", exception);
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        _handles.TryGetValue(name, out var handle) ? handle : 0;

    private static void LoadBackends(NativeLibraryFolder folder)
    {
        LoadBackends(folder.Path);

        // CUDA's second package, for older GPUs and drivers.
        var fallback = Path.Combine(folder.Path, "fallback");
        var devices = ComputeDevice.Enumerate();
        if (folder.GpuKinds.Count > 0 && !devices.Any(device => device.IsGpu) && Directory.Exists(fallback))
        {
            LoadBackends(fallback);
            devices = ComputeDevice.Enumerate();
        }

        if (!devices.Any(device => device.Kind == ComputeDeviceKind.Cpu))
        {
            throw new NativeLibraryException(
                $"No llama.cpp backend for this {RuntimeInformation.ProcessArchitecture} processor: looked for libggml-cpu*.so in {folder.Path}.");
        }
    }

    private static unsafe void LoadBackends(string folder)
    {
        fixed (byte* utf8 = Encoding.UTF8.GetBytes(folder + '\0'))
        {
            LlamaApi.ggml_backend_load_all_from_path(utf8);
        }
    }

    private static unsafe void Report(NativeLibraryFolder folder, ILogger logger)
    {
        var info = Marshal.PtrToStringUTF8((nint)LlamaApi.llama_print_system_info()) ?? string.Empty;
        NativeLogMessages.LibrariesLoaded(logger, Version, folder.Path, info);
        foreach (var device in ComputeDevice.Enumerate())
        {
            NativeLogMessages.DeviceFound(logger, device.Name, device.Description, device.FreeMemory >> 20, device.TotalMemory >> 20);
        }
    }
}
