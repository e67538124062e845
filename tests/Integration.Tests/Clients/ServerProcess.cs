using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>The server in a process of its own, as a service manager runs it, with the embedded model on a free port.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    // As that of a server in this process: a machine that computes for somebody else, too, takes minutes for what takes seconds alone.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Task _reading;
    private readonly Task<string> _errors;

    private ServerProcess(Process process, Uri address, string firstOutput)
    {
        _process = process;
        _output.Append(firstOutput);
        _reading = ReadAsync(process.StandardOutput);
        _errors = process.StandardError.ReadToEndAsync();
        Client = new HttpClient { BaseAddress = address, Timeout = Patience };
    }

    /// <summary>Of the operating system.</summary>
    public int Id => _process.Id;

    public HttpClient Client { get; }

    /// <summary>Starts it and waits until it is ready.</summary>
    public static Task<ServerProcess> StartAsync(params (string Key, string Value)[] settings) => StartInAsync(AppContext.BaseDirectory, settings);

    /// <summary>Starts it in a working directory and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartInAsync(string folder, params (string Key, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "InferenceServer.dll"));
        foreach (var (key, value) in settings.Prepend(("Server:Port", "0")).Prepend(("Cache:DiskLimit", "0")).Prepend(("Responses:Store", "false")).Prepend(("Inference:ModelPath", RepositoryFiles.ChatModel)))
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var process = Process.Start(start)!;
        var first = new StringBuilder();
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
            first.Append(line).Append('\n');
        }
        while (line is not null && !Address().IsMatch(line));

        Assert.NotNull(line);
        var server = new ServerProcess(process, new Uri(Address().Match(line).Groups[1].Value), first.ToString());
        await server.WaitUntilAsync(isReady: true);
        return server;
    }

    /// <summary>Waits until <c>/readyz</c> says so.</summary>
    public async Task WaitUntilAsync(bool isReady)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            using var response = await Client.GetAsync("/readyz");
            if (response.IsSuccessStatusCode == isReady)
            {
                return;
            }

            Assert.True(DateTime.UtcNow < deadline, $"/readyz stays at {response.StatusCode}.");
            await Task.Delay(20);
        }
    }

    /// <summary>Waits until its standard output holds a text.</summary>
    public async Task WaitForOutputAsync(string text)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            lock (_output)
            {
                if (_output.ToString().Contains(text, StringComparison.Ordinal))
                {
                    return;
                }

                Assert.True(DateTime.UtcNow < deadline, $"'{text}' is not in: {_output}");
            }

            await Task.Delay(20);
        }
    }

    /// <summary>Sends a signal, for example <c>TERM</c>.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end.</summary>
    public async Task<(int Code, string Output, string Errors)> WaitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        await _reading;
        return (_process.ExitCode, _output.ToString(), await _errors);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            lock (_output)
            {
                _output.Append(line).Append('\n');
            }
        }
    }

    [GeneratedRegex("^Listening on (http://[^ ]+)")]
    private static partial Regex Address();
}
