using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace InferenceServer.Server.Service;

/// <summary>The steps of a plan that only touch files. They throw as <see cref="File"/> does.</summary>
[UnsupportedOSPlatform("windows")]
internal static class FileSteps
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>As <see cref="ServiceStep.Folder"/>.</summary>
    public static void MakeFolder(string path, UnixFileMode mode)
    {
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path);
            File.SetUnixFileMode(path, mode);
        }
    }

    /// <summary>As <see cref="ServiceStep.TextFile"/>.</summary>
    public static void Write(string path, string text, UnixFileMode mode)
    {
        var fresh = $"{path}.new";
        File.Delete(fresh);
        using (var writer = new StreamWriter(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
        {
            writer.Write(text);
        }

        // Whatever the umask took away.
        File.SetUnixFileMode(fresh, mode);
        File.Move(fresh, path, overwrite: true);
    }

    /// <summary>As <see cref="ServiceStep.Build"/>.</summary>
    public static void CopyBuild(string source, string target)
    {
        if (Directory.Exists(target))
        {
            return;
        }

        var partial = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.partial");
        Delete(partial);
        foreach (var folder in Directory.EnumerateDirectories(source, "*", SearchOption.AllDirectories).Prepend(source))
        {
            var copy = Path.Join(partial, Path.GetRelativePath(source, folder));
            Directory.CreateDirectory(copy);
            File.SetUnixFileMode(copy, Readable | Executable);
        }

        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Join(partial, Path.GetRelativePath(source, file));
            File.Copy(file, copy);
            File.SetUnixFileMode(copy, Readable | (File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute) ? Executable : 0));
        }

        Directory.Move(partial, target);
    }

    /// <summary>As <see cref="ServiceStep.Link"/>; what is in the way, or null.</summary>
    public static string? PointLink(string path, string target)
    {
        if (Path.Exists(path) && new FileInfo(path).LinkTarget is null)
        {
            return "there is something else of that name";
        }

        var fresh = $"{path}.new";
        Delete(fresh);
        File.CreateSymbolicLink(fresh, target);
        return PosixApi.rename(fresh, path) == 0 ? null : Marshal.GetLastPInvokeErrorMessage();
    }

    /// <summary>As <see cref="ServiceStep.Deletion"/>.</summary>
    public static void Delete(string path)
    {
        if (new FileInfo(path).LinkTarget is not null || File.Exists(path))
        {
            File.Delete(path);
        }
        else if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
