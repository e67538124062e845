using InferenceServer.Inference.Cache.Disk;
using InferenceServer.Server.Commands;

namespace InferenceServer.Server.Tests.Commands;

/// <summary><c>cache</c> as an operator runs it.</summary>
public sealed class CacheCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cache-command-");

    private string Damaged => Path.Combine(_folder.FullName, "prefixes", new string('a', 32) + ".kv");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Stats_NoFolderYet_IsEmptyAndMakesNone()
    {
        var (code, output, errors) = await RunAsync("stats");

        Assert.Equal((ExitCode.Ok, ""), (code, errors));
        Assert.Matches(@"files +0\n", output);
        Assert.Empty(_folder.GetDirectories());
        Assert.Equal("0 files deleted.\n", (await RunAsync("clear")).Output);
    }

    [Fact]
    public async Task Verify_DamagedFile_IsNamedAndClearDeletesIt()
    {
        Damage();

        var verified = await RunAsync("verify");
        var cleared = await RunAsync("clear");

        Assert.Equal(ExitCode.WrongContent, verified.Code);
        Assert.Matches(@"not sound: version +1\n", verified.Output);
        Assert.Equal((ExitCode.Ok, "1 files deleted.\n"), (cleared.Code, cleared.Output));
        Assert.False(File.Exists(Damaged));
    }

    [Fact]
    public async Task Clear_FolderOfARunningServer_IsRefused()
    {
        Damage();
        using var owner = new FileStream(Path.Combine(_folder.FullName, "prefixes", "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

        var cleared = await RunAsync("clear");

        Assert.Equal(ExitCode.InUse, cleared.Code);
        Assert.True(File.Exists(Damaged));
        Assert.True(PrefixFiles.Examine(_folder.FullName, whole: false).IsInUse);
    }

    private void Damage()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Damaged)!);
        File.WriteAllBytes(Damaged, new byte[1000]);
    }

    // By a setting, and by the option.
    private Task<(ExitCode Code, string Output, string Errors)> RunAsync(string command) => command == "clear"
        ? CommandProcess.RunAsync([], "cache", command, "--path", _folder.FullName)
        : CommandProcess.RunAsync([("Cache__DiskPath", _folder.FullName)], "cache", command);
}
