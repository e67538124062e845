using System.Diagnostics;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>A file system in memory with little room, which only root may mount. Disposing unmounts it, whoever still has files open there.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _path;

    private SmallDisk(string path) => _path = path;

    /// <summary>Mounts one; null if this process may not, or the system has none of the kind.</summary>
    /// <param name="path">A folder, made if need be.</param>
    /// <param name="options">Of tmpfs.</param>
    public static SmallDisk? TryMount(string path, string options)
    {
        Directory.CreateDirectory(path);
        return OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path) ? new SmallDisk(path) : null;
    }

    /// <summary>Gives it other limits.</summary>
    public void Resize(string options) => Assert.True(Run("mount", "-o", $"remount,{options}", _path), "It cannot be mounted anew.");

    public void Dispose() => Run("umount", "-l", _path);

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
