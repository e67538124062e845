using System.Diagnostics;
using System.Globalization;

namespace InferenceServer.Bench.Compare;

/// <summary>The process that a server started for its engine. Linux.</summary>
internal static class EngineProcess
{
    /// <summary>Finds it: the server's only child. Null while there is none.</summary>
    public static int? Find(int server)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && ReadParent(id) == server)
            {
                return id;
            }
        }

        return null;
    }

    /// <summary>Kills it as the system does when memory is short, by SIGKILL, and waits until it has ended; false if there is none.</summary>
    public static bool TryKill(int server)
    {
        if (Find(server) is not { } id)
        {
            return false;
        }

        using var engine = Process.GetProcessById(id);
        engine.Kill();
        engine.WaitForExit();
        return true;
    }

    // The fourth field; the second one, the name in brackets, may hold anything. A process that has ended and was not waited for has no engine in it any more.
    private static int? ReadParent(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ') is [not "Z", var parent, ..] ? int.Parse(parent, CultureInfo.InvariantCulture) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
