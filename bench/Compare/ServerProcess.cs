using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace InferenceServer.Bench.Compare;

/// <summary>Our server as a child process, built beside this program, on a free port of the loopback.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(5);

    private readonly Process _process;

    private ServerProcess(Process process, Uri address)
    {
        _process = process;
        Address = address;
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Of the operating system.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Base URL of its API.</summary>
    public string BaseUrl => new Uri(Address, "v1").ToString();

    /// <summary>Starts it and waits until it is ready; throws with the end of its output if it ends before.</summary>
    /// <param name="arguments">Of its command line, the port apart.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="variables">Of its environment, besides ours.</param>
    public static async Task<ServerProcess> StartAsync(
        IEnumerable<string> arguments, CancellationToken cancellationToken, params IEnumerable<(string Name, string Value)> variables)
    {
        var address = new Uri($"http://127.0.0.1:{FindFreePort()}");
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) != "dotnet")
        {
            start.FileName = "dotnet";
        }

        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "InferenceServer.dll"));
        foreach (var argument in arguments.Concat(["--host", "127.0.0.1", "--port", $"{address.Port}"]))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["Cache__DiskLimit"] = "0"; // a prompt is cold to a server that has not seen it, whatever ran before
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("The server could not be started.");
        var server = new ServerProcess(process, address);
        var output = new OutputTail(process);
        try
        {
            await server.WaitUntilReadyAsync(output, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Halts it where it is, until <see cref="Resume"/>: what it does while idle is then no part of what is measured beside it. Unix.</summary>
    public void Suspend() => Signal("-STOP");

    /// <summary>Lets it go on.</summary>
    public void Resume() => Signal("-CONT");

    /// <summary>Asks it to end as a service manager does, and waits until it has.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Signal("-TERM");
        return _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Kills its engine's process, which it must have one of. Linux.</summary>
    public void KillEngine()
    {
        if (!EngineProcess.TryKill(ProcessId))
        {
            throw new InvalidOperationException("The server has no process for its engine.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Signal(string signal)
    {
        using var kill = Process.Start("kill", [signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task WaitUntilReadyAsync(OutputTail output, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"The server ended with code {_process.ExitCode}:\n{output}");
            }

            try
            {
                using var response = await http.GetAsync(new Uri(Address, "readyz"), cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            if (Stopwatch.GetElapsedTime(start) > StartTimeout)
            {
                throw new TimeoutException($"The server was not ready after {StartTimeout.TotalMinutes} minutes:\n{output}");
            }

            await Task.Delay(100, cancellationToken);
        }
    }

    /// <summary>Reads a process's output, so that it never waits for a reader, and keeps the end of it.</summary>
    private sealed class OutputTail
    {
        private readonly Queue<string> _lines = [];

        public OutputTail(Process process)
        {
            process.OutputDataReceived += (_, line) => Add(line.Data);
            process.ErrorDataReceived += (_, line) => Add(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public override string ToString()
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }

        private void Add(string? line)
        {
            lock (_lines)
            {
                if (line is not null)
                {
                    _lines.Enqueue(line);
                    if (_lines.Count > 30)
                    {
                        _lines.Dequeue();
                    }
                }
            }
        }
    }
}
