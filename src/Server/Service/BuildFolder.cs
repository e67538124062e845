using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using InferenceServer.Server.Commands;

namespace InferenceServer.Server.Service;

/// <summary>A self-contained build, as <c>dotnet publish</c> makes it, that can be installed.</summary>
/// <param name="Path">The folder, in full.</param>
/// <param name="Name">Its version and the beginning of a hash over all its files: two builds of one name are the same.</param>
internal sealed record BuildFolder(string Path, string Name)
{
    private const int HashDigits = 8;

    /// <summary>Reads a folder. Throws <see cref="StartupException"/> if it holds no such build.</summary>
    public static BuildFolder Read(string path)
    {
        path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        string[] needed = ["InferenceServer", "InferenceServer.dll", OperatingSystem.IsMacOS() ? "libcoreclr.dylib" : "libcoreclr.so"];
        if (needed.FirstOrDefault(file => !File.Exists(System.IO.Path.Combine(path, file))) is { } missing)
        {
            throw new StartupException(
                ExitCode.ServiceFailed,
                $"{path} holds no self-contained build (there is no {missing}). Make one, and install from there: dotnet publish src/Server -c Release --self-contained -o published");
        }

        var version = FileVersionInfo.GetVersionInfo(System.IO.Path.Combine(path, "InferenceServer.dll")).ProductVersion?.Split('+')[0] ?? "0.0.0";
        return new BuildFolder(path, $"{version}-{Hash(path)}");
    }

    private static string Hash(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            using var stream = File.OpenRead(file);
            hash.AppendData(Encoding.UTF8.GetBytes($"{System.IO.Path.GetRelativePath(folder, file)}\0{stream.Length}\0"));
            while (stream.Read(buffer) is > 0 and var count)
            {
                hash.AppendData(buffer, 0, count);
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..HashDigits];
    }
}
