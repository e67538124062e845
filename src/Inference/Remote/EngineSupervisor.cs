using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Remote.Frames;
using InferenceServer.Inference.Scheduling;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Remote;

/// <summary>
/// Keeps an engine's process running: starts it, reads from it, and when it ends, reaps it, reports it once, and starts the next. One thread does all that, and lives as
/// long as the host does, since Linux ends the process with the thread that started it. The other members: any thread.
/// </summary>
internal sealed class EngineSupervisor : IAsyncDisposable
{
    // A process that lived so long was not useless, even if nobody asked it for anything.
    private static readonly TimeSpan UsefulLife = TimeSpan.FromSeconds(30);

    // A step's end and freeing the model.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(15);

    // The system takes back tens of gigabytes when a process is killed.
    private static readonly TimeSpan ReapPatience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(500);

    private readonly RemoteEngineSetup _setup;
    private readonly RemoteHost _host;
    private readonly ILogger _logger;
    private readonly RecoveryInstruments? _instruments;
    private readonly RestartPlan _plan = new();
    private readonly ManualResetEventSlim _stopping = new();
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly Thread _thread;
    private EngineChild? _child;
    private EngineSession? _session;
    private EngineStats _before = new();
    private long? _endedAt;
    private volatile EngineState _state = EngineState.Loading;
    private volatile string? _failure;
    private volatile ModelFacts? _facts;

    public EngineSupervisor(
        RemoteEngineSetup setup, RequestBook requests, CallBook calls, StepReportQueue reports, ILoggerFactory loggers, RecoveryInstruments? instruments)
    {
        _setup = setup;
        _host = new RemoteHost(requests, calls, reports, loggers, OnReady);
        _logger = loggers.CreateLogger<RemoteEngine>();
        _instruments = instruments;
        _thread = new Thread(Main) { Name = "engine-host", IsBackground = true };
    }

    /// <inheritdoc cref="IInferenceEngine.State"/>
    public EngineState State => _state;

    /// <inheritdoc cref="IInferenceEngine.Failure"/>
    public string? Failure => _failure;

    /// <summary>What the model is; null until it was loaded once.</summary>
    public ModelFacts? Facts => _facts;

    /// <summary>The process; null while there is none.</summary>
    public int? ProcessId
    {
        get
        {
            lock (_gate)
            {
                return _child?.Id;
            }
        }
    }

    /// <summary>Counts over all processes, and when the last step ended.</summary>
    public (EngineStats Stats, long LastStepAt) ReadStats()
    {
        lock (_gate)
        {
            return _session is { } session ? (session.Stats.After(_before), session.LastStepAt) : (new EngineStats().After(_before), 0);
        }
    }

    /// <summary>Sends frames to the process; they are lost if there is none.</summary>
    public void Send(ReadOnlyMemory<byte> frames)
    {
        EngineChild? child;
        lock (_gate)
        {
            child = _child;
        }

        child?.Send(frames);
    }

    /// <summary>Something may have been refused.</summary>
    public void CountRefused() => _instruments?.Refuse(_host.Requests.NumRefused);

    /// <inheritdoc cref="IHostedEngine.StartAsync"/>
    public Task StartAsync(Action<float>? progress)
    {
        _host.Progress = progress;
        _thread.Start();
        return _loaded.Task;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsSet)
        {
            return;
        }

        _stopping.Set();
        _state = _state == EngineState.Failed ? EngineState.Failed : EngineState.Stopping;
        _host.Requests.Close(FinishReason.Aborted);
        _host.Calls.Close();
        var writer = new FrameWriter();
        writer.Begin(FrameKind.Stop);
        writer.End();
        Send(writer.Written);
        if (!_thread.ThreadState.HasFlag(System.Threading.ThreadState.Unstarted) && !await Task.Run(() => _thread.Join(StopPatience)).ConfigureAwait(false))
        {
            KillChild();
            await Task.Run(_thread.Join).ConfigureAwait(false);
        }
    }

    private void Main()
    {
        try
        {
            while (!_stopping.IsSet && State != EngineState.Failed)
            {
                var pause = RunOne();
                _stopping.Wait(pause);
            }
        }
#pragma warning disable CA1031 // the last frame of the thread: anything that gets here would end the process
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail($"The engine's process cannot be kept running: {exception.Message}");
            EngineLog.Stopped(_logger, exception);
        }
        finally
        {
            KillChild();
            _host.Requests.Close(State == EngineState.Failed ? FinishReason.Error : FinishReason.Aborted);
            _host.Calls.Close();
            _loaded.TrySetResult();
        }
    }

    // From a process's start to its end, and what follows from that. Returns how long to wait before the next.
    private TimeSpan RunOne()
    {
        var numKilledBefore = SystemMemory.ReadNumKilled();
        EngineChild child;
        try
        {
            child = EngineChild.Start(_setup.Command, _stopping);
        }
        catch (Exception exception) when (_facts is not null && exception is Win32Exception or IOException or UnauthorizedAccessException)
        {
            return OnNotStarted(exception.Message);
        }

        using (child)
        {
            return RunOne(child, numKilledBefore);
        }
    }

    private TimeSpan RunOne(EngineChild child, long numKilledBefore)
    {
        var session = new EngineSession(child, _host, _setup);
        lock (_gate)
        {
            (_child, _session) = (child, session);
        }

        if (_stopping.IsSet)
        {
            // Whoever told the process before to stop did not know this one.
            child.Kill();
        }

        RemoteLog.Started(_logger, child.Id);
        child.Send(WriteStart());
        using (new Timer(_ => Watch(session, child.Id), null, WatchInterval, WatchInterval))
        {
            session.Read();
        }

        if (_stopping.IsSet && child.WaitForExit(StopPatience) is not null)
        {
            return TimeSpan.Zero;
        }

        // A socket that ends before its process is a process on its way out: its exit code is worth a moment.
        var code = session.Verdict is null ? child.WaitForExit(TimeSpan.FromSeconds(1)) : null;
        child.Kill();
        code ??= child.WaitForExit(ReapPatience);
        lock (_gate)
        {
            _before = session.Stats.After(_before);
            (_child, _session) = (null, null);
        }

        return _stopping.IsSet ? TimeSpan.Zero : OnEnded(session, child.Id, code, numKilledBefore);
    }

    private TimeSpan OnEnded(EngineSession session, int id, int? code, long numKilledBefore)
    {
        _endedAt ??= Stopwatch.GetTimestamp();
        var reason = session.Verdict ?? Classify(code, numKilledBefore);
        _host.Calls.Detach();
        var running = _host.Requests.Detach(mayBeTheirFault: reason != EngineExit.Books, out var hasProgress);
        _instruments?.Ended(reason);
        CountRefused();
        var text = string.Create(CultureInfo.InvariantCulture, $"{reason}, exit code {code?.ToString(CultureInfo.InvariantCulture) ?? "none"}{(session.LastWords is { } words ? $": {words}" : "")}");
        RemoteLog.Ended(_logger, id, text, session.LastStep, string.Join(", ", running.Select(request => request.Shape)), string.Join(" | ", session.LastLines));
        if (State == EngineState.Failed)
        {
            return TimeSpan.Zero;
        }

        if (_host.IsOutdated || (_facts is null && reason == EngineExit.LoadFailed))
        {
            Fail(session.LastWords ?? "The model could not be loaded.");
            return TimeSpan.Zero;
        }

        var pause = Plan(hasProgress || (session.ReadyAt is { } readyAt && Stopwatch.GetElapsedTime(readyAt) > UsefulLife), text);
        SystemMemory.WaitUntilReturned(_stopping);
        return pause;
    }

    // It ran before: a full disk, too many processes, or a program that is being replaced may pass.
    private TimeSpan OnNotStarted(string why)
    {
        RemoteLog.NotStarted(_logger, why);
        return Plan(hasProgress: false, $"it could not be started: {why}");
    }

    private TimeSpan Plan(bool hasProgress, string text)
    {
        var pause = _plan.End(hasProgress);
        if (_plan.IsHopeless && !_stopping.IsSet)
        {
            _failure = $"The engine ended {_plan.NumFailures} times without progress; the last time: {text}";
            _state = EngineState.Recovering;
            RemoteLog.Hopeless(_logger, _plan.NumFailures, pause.TotalSeconds);
        }

        return pause;
    }

    // The thread that reads.
    private void OnReady(EngineSession session)
    {
        if (_facts is { } known && !known.Tokens.IsSameAs(session.Facts!.Tokens))
        {
            Fail("The model's file was replaced by another model while it was served. Start the server again.");
            KillChild();
            return;
        }

        _facts = session.Facts;
        var isBack = _endedAt is not null;
        if (!_stopping.IsSet)
        {
            _failure = null;
            _state = EngineState.Ready;
        }

        _host.Calls.Attach();
        var numRecovered = _host.Requests.Attach();
        if (isBack)
        {
            var after = Stopwatch.GetElapsedTime(_endedAt!.Value);
            _endedAt = null;
            _instruments?.Recovered(after, numRecovered);
            RemoteLog.Recovered(_logger, after.TotalSeconds, numRecovered);
        }

        _loaded.TrySetResult();
    }

    private void Watch(EngineSession session, int id)
    {
        if (!_stopping.IsSet && session.Watch() is { } reason)
        {
            RemoteLog.Killing(_logger, id, reason.ToString());
        }
    }

    private void Fail(string failure)
    {
        _failure = failure;
        _state = EngineState.Failed;
    }

    private void KillChild()
    {
        EngineChild? child;
        lock (_gate)
        {
            child = _child;
        }

        child?.Kill();
    }

    private ReadOnlyMemory<byte> WriteStart()
    {
        var inference = _setup.Inference;
        var start = new EngineStart
        {
            Inference = inference,
            Cache = _setup.Cache,
            ModelPath = Path.GetFullPath(_setup.ModelPath),
            EmbeddingModelPath = _setup.EmbeddingModelPath is { } embedding ? Path.GetFullPath(embedding) : null,

            // All requests that were running wait for a moment after a restart; how many may wait is for this side to say.
            MaxWaiting = inference.MaxWaiting + inference.Parallel,

            // The library's complaints are wanted for reports, whatever the log takes.
            LogLevel = _logger.IsEnabled(LogLevel.Trace) ? LogLevel.Trace : LogLevel.Debug,
        };
        var writer = new FrameWriter();
        SessionFrames.WriteStart(writer, start);
        return writer.Written;
    }

    private static EngineExit Classify(int? code, long numKilledBefore) => code switch
    {
        128 + 9 => SystemMemory.ReadNumKilled() > numKilledBefore ? EngineExit.OutOfMemory : EngineExit.Killed,
        128 + 6 => EngineExit.Aborted,
        > 128 => EngineExit.Signal,
        _ => EngineExit.Exited,
    };
}
