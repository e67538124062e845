using System.Globalization;

namespace InferenceServer.Testing;

/// <summary>A folder that looks like a part of the kernel's, for as long as a test runs.</summary>
internal sealed class SysfsTree : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sysfs-");

    public string Root => _folder.FullName;

    /// <summary>Writes a file as the kernel would show it, in place: whoever has it open reads the new text.</summary>
    public void Write(string path, string text)
    {
        var file = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using var stream = new FileStream(file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        stream.SetLength(0);
        stream.Write(System.Text.Encoding.ASCII.GetBytes(text + '\n'));
    }

    public void Write(string path, long number) => Write(path, number.ToString(CultureInfo.InvariantCulture));

    public void Link(string path, string target)
    {
        Directory.CreateDirectory(Path.Combine(Root, target));
        Directory.CreateSymbolicLink(Path.Combine(Root, path), Path.Combine(Root, target));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
