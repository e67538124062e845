using System.Diagnostics;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Remote.Frames;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Remote;

/// <summary>One engine's process from its first frame to its last: what it sends is applied to the host's books. The supervisor's thread reads; any thread may ask.</summary>
internal sealed class EngineSession
{
    // Of llama.cpp's complaints the last so many are kept for a report.
    private const int MaxLines = 12;

    private readonly EngineChild _child;
    private readonly RemoteHost _host;
    private readonly Queue<string> _lines = new();
    private readonly HangWatch _watch;
    private readonly Lock _watchGate = new();
    private EngineExit? _verdict;
    private long _lastStepAt;

    /// <param name="child">The process.</param>
    /// <param name="host">Where what it sends goes.</param>
    /// <param name="setup">See <see cref="EngineOptions.HangTimeoutMs"/>.</param>
    public EngineSession(EngineChild child, RemoteHost host, RemoteEngineSetup setup)
    {
        _child = child;
        _host = host;
        _watch = new HangWatch(TimeSpan.FromMilliseconds(setup.Engine.HangTimeoutMs), Now, setup.ModelBytes);
    }

    /// <summary>The counts that it sent last.</summary>
    public EngineStats Stats { get; private set; } = new();

    /// <summary>When its last step ended, in ticks of <see cref="Stopwatch"/>; 0 if none did.</summary>
    public long LastStepAt => Volatile.Read(ref _lastStepAt);

    /// <summary>What the model is; null until it is loaded.</summary>
    public ModelFacts? Facts { get; private set; }

    /// <summary>When it was ready; null if it was not.</summary>
    public long? ReadyAt { get; private set; }

    /// <summary>What it said before it ended: why the model cannot be loaded, or what went wrong; null if it said nothing.</summary>
    public string? LastWords { get; private set; }

    /// <summary>Why it ended or was ended, as far as frames tell; null: the exit code must.</summary>
    public EngineExit? Verdict
    {
        get
        {
            lock (_watchGate)
            {
                return _verdict;
            }
        }
    }

    /// <summary>The shape of the last step that it reported.</summary>
    public string LastStep { get; private set; } = "none";

    /// <summary>The library's last complaints and what the process wrote to its standard error.</summary>
    public IEnumerable<string> LastLines => _lines.Concat(_child.LastErrors);

    private static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    /// <summary>Reads until nothing comes any more.</summary>
    public void Read()
    {
        try
        {
            while (_child.Source is { } source && source.TryReceive(out var kind, out var payload))
            {
                lock (_watchGate)
                {
                    _watch.Hear(Now);
                }

                Apply(kind, new FrameReader(payload));
            }
        }
        catch (FrameException exception)
        {
            LastWords = exception.Message;
            End(EngineExit.BadFrame);
        }
        catch (IOException)
        {
            // It is gone; its exit code says why.
        }
    }

    /// <summary>Ends the process if it is of no use any more. Now and then, by a timer.</summary>
    public EngineExit? Watch()
    {
        EngineExit? verdict;
        lock (_watchGate)
        {
            verdict = _verdict is null ? _watch.Judge(_host.Requests.NumSent > 0, _host.Calls.Count > 0, Now) : null;
        }

        if (verdict is { } reason)
        {
            End(reason);
        }

        return verdict;
    }

    private void End(EngineExit reason)
    {
        lock (_watchGate)
        {
            _verdict ??= reason;
        }

        _child.Kill();
    }

    private void Apply(FrameKind kind, FrameReader reader)
    {
        switch (kind)
        {
            case FrameKind.Step:
                ApplyStep(ref reader);
                break;
            case FrameKind.Pulse:
                var pulse = SessionFrames.ReadPulse(ref reader);
                Stats = pulse.Stats;
                lock (_watchGate)
                {
                    _watch.Observe(pulse, Now);
                }

                break;
            case FrameKind.Result:
                _host.Calls.Complete(CallFrames.ReadResult(ref reader));
                break;
            case FrameKind.Log:
                ApplyLog(SessionFrames.ReadLog(ref reader));
                break;
            case FrameKind.Progress:
                _host.Progress?.Invoke(SessionFrames.ReadProgress(ref reader));
                Progress();
                break;
            case FrameKind.Ready:
                Facts = ModelFacts.Read(ref reader);
                ReadyAt = Stopwatch.GetTimestamp();
                _host.Ready(this);
                break;
            case FrameKind.LoadFailed:
                LastWords = SessionFrames.ReadText(ref reader);
                End(EngineExit.LoadFailed);
                break;
            case FrameKind.Failed:
                LastWords = SessionFrames.ReadText(ref reader);
                End(EngineExit.Failed);
                break;
            case FrameKind.Hello:
                Greet(SessionFrames.ReadHello(ref reader));
                break;
            default:
                throw new FrameException($"A frame of kind {kind} goes the other way.");
        }
    }

    private void Greet(Hello hello)
    {
        if (hello.Version != Hello.Own.Version || hello.Build != Hello.Own.Build)
        {
            LastWords = "The program's files were replaced while it runs: the engine's process is another version than the server. Start the server again.";
            _host.IsOutdated = true;
            End(EngineExit.LoadFailed);
        }
    }

    private void ApplyStep(ref FrameReader reader)
    {
        Progress();
        while (!reader.IsAtEnd)
        {
            var item = (StepItem)reader.Byte();
            switch (item)
            {
                case StepItem.Stats:
                    Stats = StatsFrames.Read(ref reader);
                    break;
                case StepItem.Report:
                    var report = StepFrames.ReadReport(ref reader, _host.Reports);
                    LastStep = report.Status == RunStatus.Paused ? "a part of a prompt's chunk" : $"{report.NumDecodes} decodes, {report.NumPrefillTokens} prefill tokens";
                    Volatile.Write(ref _lastStepAt, report.EndedAt);
                    break;
                case >= StepItem.Started and <= StepItem.Finished:
                    var (requestId, generated) = StepFrames.ReadEvent(ref reader, item, Facts?.Tokens ?? throw new FrameException("An event came before the model was loaded."));
                    if (!_host.Requests.Apply(requestId, generated))
                    {
                        throw new FrameException($"Token {generated.OutputIndex} of request {requestId} does not continue what came before.");
                    }

                    break;
                default:
                    throw new FrameException($"A step has no item of kind {(int)item}.");
            }
        }
    }

    private void ApplyLog(LogLine line)
    {
        if (line is { Category: Native.NativeLog.Category, Level: >= LogLevel.Warning })
        {
            _lines.Enqueue(line.Text);
            if (_lines.Count > MaxLines)
            {
                _lines.Dequeue();
            }
        }

        var logger = _host.Loggers.CreateLogger(line.Category);
        if (logger.IsEnabled(line.Level))
        {
            logger.Log(line.Level, new EventId(line.Event), line.Text, null, static (text, _) => text);
        }
    }

    private void Progress()
    {
        lock (_watchGate)
        {
            _watch.Progress(Now);
        }
    }
}

/// <summary>What the host has beyond any process of the engine's.</summary>
/// <param name="Requests">Its requests.</param>
/// <param name="Calls">Its calls.</param>
/// <param name="Reports">Reports of steps.</param>
/// <param name="Loggers">Its log.</param>
/// <param name="Ready">Told of a session whose model is loaded, by the thread that reads it.</param>
internal sealed record RemoteHost(RequestBook Requests, CallBook Calls, StepReportQueue Reports, ILoggerFactory Loggers, Action<EngineSession> Ready)
{
    /// <summary>Told the share of a model that is loaded; null if nobody cares.</summary>
    public Action<float>? Progress { get; set; }

    /// <summary>The program on the disk is not the one that runs.</summary>
    public bool IsOutdated { get; set; }
}
