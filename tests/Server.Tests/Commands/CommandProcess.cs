using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using InferenceServer.Server.Commands;

namespace InferenceServer.Server.Tests.Commands;

/// <summary>The program in a process of its own, started by a command that is no server.</summary>
internal sealed class CommandProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _seen = new();
    private readonly Task<string> _output;
    private readonly Task<string> _errors;

    private CommandProcess(Process process)
    {
        _process = process;
        _output = ReadOutputAsync();
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts it.</summary>
    /// <param name="environment">Variables beside those that there are.</param>
    /// <param name="args">Command and options.</param>
    public static CommandProcess Start(IEnumerable<(string Name, string Value)> environment, params IEnumerable<string> args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (var arg in args.Prepend(Path.Combine(AppContext.BaseDirectory, "InferenceServer.dll")))
        {
            start.ArgumentList.Add(arg);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new CommandProcess(Process.Start(start)!);
    }

    /// <summary>Starts it and waits for its end.</summary>
    public static async Task<(ExitCode Code, string Output, string Errors)> RunAsync(IEnumerable<(string Name, string Value)> environment, params IEnumerable<string> args)
    {
        await using var process = Start(environment, args);
        return await process.WaitAsync();
    }

    /// <summary>Waits until what it printed so far holds something.</summary>
    public async Task WaitForOutputAsync(string pattern)
    {
        await TestApp.UntilAsync(() => Regex.IsMatch(Seen(), pattern) || _process.HasExited);
        Assert.Matches(pattern, Seen());
    }

    /// <summary>Waits for its end.</summary>
    public async Task<(ExitCode Code, string Output, string Errors)> WaitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(TestApp.Patience);
        return ((ExitCode)_process.ExitCode, await _output, await _errors);
    }

    /// <summary>Sends what Ctrl+C sends, or SIGTERM where that would be lost: whatever a shell starts in the background ignores SIGINT, and so does all that it starts.</summary>
    public void Interrupt()
    {
        using var kill = Process.Start("kill", [IgnoresInterrupts(_process.Id) ? "-TERM" : "-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    // On macOS there is no such file, and nothing starts tests in the background.
    private static bool IgnoresInterrupts(int processId)
    {
        const string Field = "SigIgn:";
        const int Interrupt = 1 << (2 - 1);
        var path = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/status");
        return File.Exists(path)
            && File.ReadLines(path).First(line => line.StartsWith(Field, StringComparison.Ordinal)) is var line
            && (ulong.Parse(line.AsSpan(Field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & Interrupt) != 0;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private string Seen()
    {
        lock (_seen)
        {
            return _seen.ToString();
        }
    }

    private async Task<string> ReadOutputAsync()
    {
        var buffer = new char[1024];
        while (await _process.StandardOutput.ReadAsync(buffer) is > 0 and var count)
        {
            lock (_seen)
            {
                _seen.Append(buffer, 0, count);
            }
        }

        return Seen();
    }
}
