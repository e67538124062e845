using InferenceServer.Server.Machines;

namespace InferenceServer.Server.Tests.Machines;

public sealed class LinuxMemoryTests : IDisposable
{
    private const long Gib = 1L << 30;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("linux-memory-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void ReadLimits_NoGroup_IsTheFreeMemory()
    {
        WriteFree();
        Write("proc/self/cgroup", "0::/\n");
        Assert.Equal([8 * Gib], Read());
    }

    [Fact]
    public void ReadLimits_NestedGroups_IsTheLeastRoomWithFilesGivenBack()
    {
        WriteFree();
        Write("proc/self/cgroup", "0::/outer.slice/inner.service\n");
        WriteGroup("outer.slice", "4294967296", used: 3 * Gib, files: Gib);
        WriteGroup("outer.slice/inner.service", "max", used: Gib, files: 0);
        Assert.Equal([8 * Gib, 2 * Gib], Read());
    }

    [Fact]
    public void ReadLimits_PathOfTheHostInAContainer_IsTheRootGroups()
    {
        WriteFree();
        Write("proc/self/cgroup", "0::/docker/0123\n");
        WriteGroup("", "6442450944", used: Gib, files: Gib);
        Assert.Equal([8 * Gib, 6 * Gib], Read());
    }

    [Fact]
    public void ReadLimits_VersionOne_IsUnderstood()
    {
        WriteFree();
        Write("proc/self/cgroup", "12:cpu:/x\n5:memory:/docker/x\n");
        Write("sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "2147483648\n");
        Write("sys/fs/cgroup/memory/docker/x/memory.usage_in_bytes", "1073741824\n");
        Write("sys/fs/cgroup/memory/docker/x/memory.stat", "cache 1\ntotal_cache 536870912\n");
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        Write("sys/fs/cgroup/memory/memory.usage_in_bytes", "1073741824\n");
        Assert.Equal([8 * Gib, Gib + (Gib / 2)], Read());
    }

    [Fact]
    public void ReadLimits_MoreUsedThanAllowed_IsNoRoom()
    {
        Write("proc/self/cgroup", "0::/g\n");
        WriteGroup("g", "1000", used: 2000, files: 10);
        Assert.Equal([0], Read());
    }

    [Fact]
    public void ReadTotal_InAGroup_IsTheMachines()
    {
        WriteFree();
        Write("proc/self/cgroup", "0::/g\n");
        WriteGroup("g", "1000", used: 20, files: 10);
        Assert.Equal(16 * Gib, new LinuxMemory(_root.FullName).ReadTotal());
    }

    [Fact]
    public void ReadLimits_NothingReadable_IsNone()
    {
        Assert.Empty(Read());
        Assert.Null(new LinuxMemory(_root.FullName).ReadTotal());
    }

    [SkippableFact]
    public void ReadLimits_ThisMachine_HasFreeMemory()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Linux only.");
        Assert.Contains(new LinuxMemory().ReadLimits(), limit => limit.Bytes > 0);
    }

    private long[] Read() => [.. new LinuxMemory(_root.FullName).ReadLimits().Select(limit => limit.Bytes)];

    private void WriteFree() => Write("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:          100000 kB\nMemAvailable:    8388608 kB\n");

    private void WriteGroup(string path, string limit, long used, long files)
    {
        var folder = Path.Combine("sys/fs/cgroup", path);
        Write($"{folder}/memory.max", limit + "\n");
        Write($"{folder}/memory.current", $"{used}\n");
        Write($"{folder}/memory.stat", $"anon 5\nfile {files}\ninactive_file 3\n");
    }

    private void Write(string path, string text)
    {
        var file = new FileInfo(Path.Combine(_root.FullName, path));
        file.Directory!.Create();
        File.WriteAllText(file.FullName, text);
    }
}
