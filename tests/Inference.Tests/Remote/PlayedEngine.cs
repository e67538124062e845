using System.Diagnostics;
using System.Globalization;
using InferenceServer.Inference.Remote;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Remote;

/// <summary>
/// A <see cref="RemoteEngine"/> whose processes sleep, and say only where to connect: the test speaks for them. So it can say what a sound engine never would, while
/// the host has real processes to kill and to reap.
/// </summary>
internal sealed class PlayedEngine : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("played-");
    private readonly HashSet<string> _seen = [];
    private readonly RestartMeter _meter = new();
    private readonly List<PlayedSession> _sessions = [];

    public PlayedEngine()
    {
        // The name that makes it whole is given last.
        File.WriteAllText(Path.Combine(_folder.FullName, "script"), $"echo \"$1\" > '{_folder.FullName}'/$$.tmp; mv '{_folder.FullName}'/$$.tmp '{_folder.FullName}'/$$.path; exec sleep 300");
        PutProgramBack();
        Engine = new RemoteEngine(
            new RemoteEngineSetup
            {
                Inference = new InferenceOptions(),
                Cache = new CacheOptions(),
                Engine = new EngineOptions { HangTimeoutMs = 2_000 },
                ModelPath = "model.gguf",
                Command = [Program, Path.Combine(_folder.FullName, "script")],
            },
            Log,
            new RecoveryInstruments(_meter));
        Loaded = Engine.StartAsync(null);
    }

    public RemoteEngine Engine { get; }

    public LineLog Log { get; } = new();

    /// <summary>As <see cref="RemoteEngine.StartAsync"/>.</summary>
    public Task Loaded { get; }

    /// <summary>Why engines ended, in order.</summary>
    public IReadOnlyCollection<string> Restarts => _meter.Reasons;

    private string Program => Path.Combine(_folder.FullName, "sh");

    /// <summary>Waits for the next process, and connects in its place.</summary>
    public async Task<PlayedSession> NextAsync()
    {
        string? file = null;
        await UntilAsync(() => (file = Directory.GetFiles(_folder.FullName, "*.path").FirstOrDefault(each => !_seen.Contains(each))) is not null);
        _seen.Add(file!);
        var session = new PlayedSession((await File.ReadAllTextAsync(file!)).Trim(), int.Parse(Path.GetFileNameWithoutExtension(file!), CultureInfo.InvariantCulture));
        _sessions.Add(session);
        return session;
    }

    /// <summary>No process can be started from now on.</summary>
    public void TakeProgramAway() => File.Delete(Program);

    /// <summary>Processes can be started again.</summary>
    public void PutProgramBack() => File.CreateSymbolicLink(Program, "/bin/sh");

    /// <summary>Lines of the log that hold a text.</summary>
    public string[] LinesWith(string text) => [.. Log.Lines.Where(line => line.Contains(text, StringComparison.Ordinal))];

    public static async Task UntilAsync(Func<bool> condition)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, "It does not come to be.");
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        var ending = Engine.DisposeAsync();
        _sessions.ForEach(session => session.End());
        await ending;
        _meter.Dispose();
        _folder.Delete(recursive: true);
    }
}
