using System.Globalization;

namespace InferenceServer.Bench.Soak;

/// <summary>What the system tells of a process. Linux.</summary>
/// <param name="Id">Of the operating system.</param>
/// <param name="MemoryBytes">Memory that is its own, in RAM or swapped out: files that it has mapped, as the model's, apart.</param>
/// <param name="NumFiles">File handles, sockets among them.</param>
internal readonly record struct ProcessFacts(int Id, double MemoryBytes, int NumFiles)
{
    /// <summary>Reads them; null if there is no such process any more.</summary>
    public static ProcessFacts? Read(int id)
    {
        try
        {
            var memory = File.ReadLines($"/proc/{id}/smaps_rollup").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words[0] is "Pss_Anon:" or "Pss_Shmem:" or "SwapPss:")
                .Sum(words => 1024 * double.Parse(words[1], CultureInfo.InvariantCulture));
            return new ProcessFacts(id, memory, Directory.GetFileSystemEntries($"/proc/{id}/fd").Length);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
