using System.Globalization;

namespace InferenceServer.Bench.Soak;

/// <summary>What the system tells of a process. Linux.</summary>
/// <param name="Id">Of the operating system.</param>
/// <param name="MemoryBytes">Memory that is its own, in RAM or swapped out: files that it has mapped, as the model's, apart.</param>
/// <param name="Files">File handles by what they are of, for example <c>socket</c>, <c>pipe</c>, <c>anon_inode:[eventpoll]</c>; those of files on a disk are one kind.</param>
internal readonly record struct ProcessFacts(int Id, double MemoryBytes, IReadOnlyDictionary<string, int> Files)
{
    private const string FileKind = "file";
    private const string AssemblyKind = "assembly";

    /// <summary>File handles, sockets among them, but for the assemblies: the runtime loads each when it is needed first, late if need be, and keeps its file open.</summary>
    public int NumFiles => Files.Values.Sum() - Files.GetValueOrDefault(AssemblyKind);

    /// <summary>Reads them; null if there is no such process any more.</summary>
    public static ProcessFacts? Read(int id)
    {
        try
        {
            var memory = File.ReadLines($"/proc/{id}/smaps_rollup").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words[0] is "Pss_Anon:" or "Pss_Shmem:" or "SwapPss:")
                .Sum(words => 1024 * double.Parse(words[1], CultureInfo.InvariantCulture));
            var files = Directory.GetFileSystemEntries($"/proc/{id}/fd").CountBy(ReadKind).ToDictionary();
            return new ProcessFacts(id, memory, files);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What there is more and less of than before, for example <c>socket +4</c>.</summary>
    public string DescribeFilesSince(ProcessFacts before)
    {
        var files = Files;
        var changes = files.Keys.Union(before.Files.Keys)
            .Select(kind => (Kind: kind, Change: files.GetValueOrDefault(kind) - before.Files.GetValueOrDefault(kind)))
            .Where(each => each.Change != 0);
        return string.Join(", ", changes.Select(each => string.Create(CultureInfo.InvariantCulture, $"{each.Kind} {each.Change:+0;-0}")));
    }

    // A link to what it is of. One that is closed meanwhile is of nothing any more.
    private static string ReadKind(string handle)
    {
        try
        {
            return new FileInfo(handle).LinkTarget switch
            {
                null => FileKind,
                ['/', ..] and var path => path.EndsWith(".dll", StringComparison.Ordinal) ? AssemblyKind : FileKind,
                var target when target.StartsWith("anon_inode", StringComparison.Ordinal) => target,
                var target => target.Split(':')[0],
            };
        }
        catch (IOException)
        {
            return FileKind;
        }
    }
}
