namespace InferenceServer.Server.Tests.Service;

/// <summary>A folder of programs that only write down how they were called, in place of the system's.</summary>
internal sealed class StandInTools : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tools-");

    public StandInTools(params IReadOnlyList<string> programs)
    {
        foreach (var program in programs)
        {
            Answer(program, "");
        }
    }

    public string Folder => _folder.FullName;

    /// <summary>The calls so far, a line each.</summary>
    public IReadOnlyList<string> Calls => File.Exists(CallsFile) ? File.ReadAllLines(CallsFile) : [];

    private string CallsFile => Path.Combine(_folder.FullName, "calls");

    /// <summary>From now on a program runs some lines of shell, too.</summary>
    public void Answer(string program, string shell)
    {
        var file = Path.Combine(_folder.FullName, program);
        File.WriteAllText(file, $"#!/bin/sh\necho \"{program} $*\" >> '{CallsFile}'\n{shell}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
