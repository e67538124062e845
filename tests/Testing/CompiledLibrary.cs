using System.Diagnostics;
using System.Runtime.InteropServices;

namespace InferenceServer.Testing;

/// <summary>
/// A stand-in for a library of a system that is not there, written in C beside its tests and compiled when they run. It lets the imports run
/// for real: their names, their types, and who releases what.
/// </summary>
internal sealed class CompiledLibrary : IDisposable
{
    private const string Compiler = "gcc";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("stand-in-");
    private readonly nint _handle;

    /// <param name="source">A file below <c>tests</c>.</param>
    public CompiledLibrary(string source)
    {
        WhyMissing = TestTool.WhyMissing(Compiler);
        if (WhyMissing is not null)
        {
            return;
        }

        Path = System.IO.Path.Combine(_folder.FullName, System.IO.Path.GetFileNameWithoutExtension(source) + ".so");
        using var process = Process.Start(
            Compiler, ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", Path, System.IO.Path.Combine(RepositoryFiles.Root, "tests", source)]);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{source} does not compile.");
        }

        _handle = NativeLibrary.Load(Path);
    }

    /// <summary>The reason to skip with; null if it was compiled.</summary>
    public string? WhyMissing { get; }

    /// <summary>The library; empty if it was not compiled.</summary>
    public string Path { get; } = "";

    /// <summary>A function of the stand-in's own, by which a test steers it.</summary>
    public T Get<T>(string name)
        where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(_handle, name));

    public void Dispose() => _folder.Delete(recursive: true);
}
