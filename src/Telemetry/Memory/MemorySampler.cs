using System.Globalization;
using InferenceServer.Telemetry.Memory.Linux;
using InferenceServer.Telemetry.Memory.MacOS;
using InferenceServer.Telemetry.Power;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Telemetry.Memory;

/// <summary>
/// Looks at memory on a timer: the machine's and this process's every two seconds, and the model's pages every ten. Warns when the model is
/// being paged. Any thread may read; one at a time looks.
/// </summary>
public sealed class MemorySampler : IDisposable
{
    // macOS repeats itself when it is asked more than once a second.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    // A look at the pages of 40 GB takes some milliseconds.
    private const int LooksPerResidency = 5;

    private readonly IMemorySource? _source;
    private readonly ModelResidency _residency;
    private readonly EngineProcess _engine;
    private readonly PagingDetector _paging = new();
    private readonly Func<long?> _readSteps;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Lock _looking = new();
    private readonly Lock _sync = new();
    private MemoryState _state = new();
    private ITimer? _timer;
    private int _numLooks;
    private bool _isDisposed;
    private int _processId = Environment.ProcessId;

    /// <summary>Looks at nothing yet.</summary>
    /// <param name="modelFiles">Full paths of the served model's files.</param>
    /// <param name="readSteps">Steps computed so far; null while the model is not loaded: it is read from the disk as it should be.</param>
    /// <param name="clock">For the timer.</param>
    /// <param name="logger">For the warning.</param>
    /// <param name="engine">Which process has the model; null for this one.</param>
    public MemorySampler(IReadOnlyList<string> modelFiles, Func<long?> readSteps, TimeProvider clock, ILogger<MemorySampler> logger, EngineProcess? engine = null)
        : this(OpenSource(engine), modelFiles, readSteps, clock, logger, engine)
    {
    }

    internal MemorySampler(IMemorySource? source, IReadOnlyList<string> modelFiles, Func<long?> readSteps, TimeProvider clock, ILogger logger, EngineProcess? engine = null)
    {
        _engine = engine ?? EngineProcess.Own;
        _source = source;
        _residency = new ModelResidency(modelFiles, _engine);
        _readSteps = readSteps;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>The last look.</summary>
    internal MemoryState State
    {
        get
        {
            lock (_sync)
            {
                return _state;
            }
        }
    }

    /// <summary>Begins to look; returns at once. Call once.</summary>
    public void Start() => _timer = _clock.CreateTimer(static state => ((MemorySampler)state!).Tick(), this, TimeSpan.Zero, Interval);

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        lock (_looking)
        {
            _isDisposed = true;
            (_source as IDisposable)?.Dispose();
            _residency.Dispose();
        }
    }

    /// <summary>One look. Never throws.</summary>
    internal void Look()
    {
        var reading = _source?.Read() ?? default;
        var steps = _readSteps();
        var isServing = steps is not null;
        if (_engine.Id is var id && id != _processId)
        {
            // Another process: it reads the model anew, and counts its waits from 0.
            _processId = id;
            _numLooks = 0;
            _paging.Reset();
        }

        if (!isServing)
        {
            _numLooks = 0;
            _paging.Reset();
        }
        else if (_numLooks++ % LooksPerResidency == 0)
        {
            _residency.Update();
        }

        var wasPaged = State.IsPaged;
        var isKnown = isServing && _residency.Fault == ChannelFault.None && _residency.Mapped > 0;
        double? share = isKnown ? _residency.Resident / _residency.Mapped : null;
        if (isServing)
        {
            _paging.Observe(_clock.GetSeconds(), reading.MajorFaults, share, steps ?? 0);
        }

        lock (_sync)
        {
            _state = new MemoryState
            {
                Reading = reading,
                Resident = isKnown ? _residency.Resident : null,
                Mapped = isKnown ? _residency.Mapped : null,
                ResidencyFault = isServing ? _residency.Fault : ChannelFault.Starting,
                IsPaged = isServing ? _paging.IsPaged : null,
            };
        }

        if (_paging.IsPaged && wasPaged != true)
        {
            MemoryLog.Paged(_logger, _paging.Rate, share is { } known ? known.ToString("P0", CultureInfo.InvariantCulture) : "an unknown part");
        }
        else if (!_paging.IsPaged && wasPaged == true)
        {
            MemoryLog.NotPaged(_logger);
        }
    }

    private static IMemorySource? OpenSource(EngineProcess? engine) => OperatingSystem.IsLinux() ? new LinuxMemory(engine: engine) : MacMemory.TryOpen(engine);

    // A look that takes longer than the interval is not joined by another.
    private void Tick()
    {
        if (!_looking.TryEnter())
        {
            return;
        }

        try
        {
            if (!_isDisposed)
            {
                Look();
            }
        }
#pragma warning disable CA1031 // Whatever a system answers must not reach the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            MemoryLog.ReadFailed(_logger, exception);
        }
        finally
        {
            _looking.Exit();
        }
    }
}

/// <summary>One look at memory.</summary>
internal sealed record MemoryState
{
    /// <summary>The system's words.</summary>
    public MemoryReading Reading { get; init; }

    /// <summary>Bytes of the model in memory, of <see cref="Mapped"/>; null if not known.</summary>
    public double? Resident { get; init; }

    /// <summary>Bytes of the model that the engine has mapped; null if not known.</summary>
    public double? Mapped { get; init; }

    /// <summary>Why <see cref="Resident"/> is not known.</summary>
    public ChannelFault ResidencyFault { get; init; } = ChannelFault.Starting;

    /// <summary>True while the model is being paged; null while it is not loaded.</summary>
    public bool? IsPaged { get; init; }
}
