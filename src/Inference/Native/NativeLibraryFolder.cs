namespace InferenceServer.Inference.Native;

/// <summary>Where the three llama.cpp libraries lie. Their names differ by platform and backend (<c>libllama.cuda.v0.4.0.so</c>).</summary>
/// <param name="Path">The folder, a full path.</param>
/// <param name="GgmlBase">Full path of the library that holds tensors, devices and logging.</param>
/// <param name="Ggml">Full path of the library that loads backends.</param>
/// <param name="Llama">Full path of the library that holds models.</param>
internal sealed record NativeLibraryFolder(string Path, string GgmlBase, string Ggml, string Llama)
{
    /// <summary>Environment variable that names the folder.</summary>
    public const string Variable = "INFERENCE_NATIVE_PATH";

    /// <summary>Backends for GPUs, by the kind in their file name.</summary>
    private static readonly string[] GpuBackends = ["cuda", "metal", "vulkan", "hip", "sycl"];

    /// <summary>Kinds of GPU backend in the folder, for example <c>cuda</c>; empty in a package for the processor alone.</summary>
    public IReadOnlyList<string> GpuKinds { get; } =
        [.. GpuBackends.Where(kind => Directory.EnumerateFiles(Path, $"libggml-{kind}.*", SearchOption.AllDirectories).Any())];

    /// <summary>Finds the libraries in the given folder, else in <see cref="Variable"/>'s, else in <c>native</c> beside the program.</summary>
    /// <exception cref="NativeLibraryException">One of them is not there, or is there twice.</exception>
    public static NativeLibraryFolder Find(string? folder)
    {
        folder ??= Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } variable
            ? variable
            : System.IO.Path.Combine(AppContext.BaseDirectory, "native");
        folder = System.IO.Path.GetFullPath(folder);
        if (!Directory.Exists(folder))
        {
            throw new NativeLibraryException(
                $"The llama.cpp libraries were not found: there is no folder {folder}. Build again with npm installed, or set {Variable} to the folder that holds them.");
        }

        return new NativeLibraryFolder(folder, FindOne(folder, "libggml-base"), FindOne(folder, "libggml"), FindOne(folder, "libllama"));
    }

    private static string FindOne(string folder, string name)
    {
        // The name ends at the first dot, so libggml does not find libggml-base, nor libllama the unrelated libllama-common.
        var extension = OperatingSystem.IsMacOS() ? ".dylib" : ".so";
        var pattern = $"{name}.*{extension}";
        var found = Directory.GetFiles(folder, $"{name}.*")
            .Where(file => file.EndsWith(extension, StringComparison.Ordinal))
            .ToArray();
        return found.Length switch
        {
            1 => found[0],
            0 => throw new NativeLibraryException($"The llama.cpp libraries were not found: looked for {name}{extension} or {pattern} in {folder}."),
            _ => throw new NativeLibraryException($"Several llama.cpp libraries in {folder} match {name}.*{extension}: {string.Join(", ", found.Select(System.IO.Path.GetFileName))}. Keep one."),
        };
    }
}
