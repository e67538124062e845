using System.Globalization;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>A control group that lets its processes have no more memory than a little: the kernel ends one that wants more. Linux, as root.</summary>
internal sealed class MemoryGroup : IDisposable
{
    private const string Root = "/sys/fs/cgroup";

    private readonly string _folder;

    private MemoryGroup(string folder) => _folder = folder;

    /// <summary>Makes one. Skips the test where this user may not, or the memory's controller is not there.</summary>
    /// <param name="bytes">What its processes may have beyond what they have when they come.</param>
    public static MemoryGroup Create(long bytes)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Control groups are Linux's.");
        var (parent, limit, swap) = Directory.Exists($"{Root}/memory") ? ($"{Root}/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes") : (Root, "memory.max", "memory.swap.max");
        try
        {
            var group = new MemoryGroup(Directory.CreateDirectory($"{parent}/inference-test-{Guid.NewGuid():N}").FullName);
            Skip.IfNot(File.Exists(group.PathOf(limit)), "There is no memory controller for control groups here.");
            group.Write(limit, bytes);
            if (File.Exists(group.PathOf(swap)))
            {
                group.Write(swap, limit == "memory.max" ? 0 : bytes);
            }

            return group;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Skip.If(true, $"Control groups cannot be made here: {exception.Message}");
            throw;
        }
    }

    /// <summary>Moves a process into it; what it has stays with the group it had it in.</summary>
    public void Add(int process) => Write("cgroup.procs", process);

    public void Dispose()
    {
        // Folders of the kernel's go with what is in them.
        Directory.Delete(_folder);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private void Write(string name, long value) => File.WriteAllText(PathOf(name), value.ToString(CultureInfo.InvariantCulture));
}
