using System.ComponentModel;
using System.Diagnostics;

namespace InferenceServer.Server.Service;

/// <summary>Runs programs of the system. Any thread.</summary>
/// <param name="folder">Where they are; null looks along the PATH.</param>
internal sealed class ServiceTools(string? folder = null)
{
    // What a shell says of a program that is not there.
    private const int NotFound = 127;

    /// <summary>Runs a program and takes what it writes, to its output and as errors.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(ServiceStep.Command command, CancellationToken cancellationToken = default)
    {
        var start = CreateStart(command);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        using var process = TryStart(start);
        if (process is null)
        {
            return (NotFound, $"{command.Program} was not found");
        }

        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, (output + await errors).Trim());
    }

    /// <summary>Runs a program on this one's terminal until it ends.</summary>
    public async Task<int> ShowAsync(ServiceStep.Command command, CancellationToken cancellationToken)
    {
        using var process = TryStart(CreateStart(command));
        if (process is null)
        {
            return NotFound;
        }

        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;
    }

    private static Process? TryStart(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private ProcessStartInfo CreateStart(ServiceStep.Command command)
    {
        var start = new ProcessStartInfo(folder is null ? command.Program : Path.Combine(folder, command.Program), command.Arguments);
        if (command.WorkingFolder is { } directory)
        {
            start.WorkingDirectory = directory;
        }

        foreach (var (name, value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }
}
