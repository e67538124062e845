namespace InferenceServer.Telemetry.Memory;

/// <summary>
/// Tells whether the model is being paged: read from the disk while it should be in memory. Two signs, each enough: the process waits for the
/// disk again and again, or a part of the model that was in memory no longer is. Pure; one thread at a time.
/// </summary>
/// <remarks>
/// Not every page of the file is needed: some devices keep weights in a form of their own. So a part that left memory counts until a step was
/// computed without waiting for the disk, which shows that nobody misses it.
/// </remarks>
internal sealed class PagingDetector
{
    /// <summary>Waits for the disk a second that are no accident: a model in memory has none, one that is paged has thousands.</summary>
    public const double FaultsPerSecond = 20;

    /// <summary>Looks in a row that must show them: the first request after an update of the program, say, reads a few pages too.</summary>
    public const int LooksInARow = 3;

    /// <summary>Part of the model that must have left memory.</summary>
    public const double LostShare = 0.01;

    private long? _lastFaults;
    private double _lastAt;
    private int _numFaulting;
    private long _lastSteps;
    private double _mostResident;

    /// <summary>Waits for the disk a second, between the last two looks; 0 until then.</summary>
    public double Rate { get; private set; }

    /// <summary>True while the model is being paged.</summary>
    public bool IsPaged { get; private set; }

    /// <summary>Takes a look at a loaded model.</summary>
    /// <param name="now">Seconds.</param>
    /// <param name="majorFaults">Counted up; null if not known.</param>
    /// <param name="residentShare">Of the mapped model, 0 to 1; null if not known.</param>
    /// <param name="numSteps">Steps computed so far.</param>
    public void Observe(double now, long? majorFaults, double? residentShare, long numSteps)
    {
        if (_lastFaults is { } last && majorFaults is { } faults && now > _lastAt)
        {
            Rate = Math.Max(0, faults - last) / (now - _lastAt);
            _numFaulting = Rate >= FaultsPerSecond ? _numFaulting + 1 : 0;
            if (numSteps > _lastSteps && _numFaulting == 0)
            {
                _mostResident = 0;
            }
        }

        (_lastFaults, _lastAt, _lastSteps) = (majorFaults, now, numSteps);
        _mostResident = Math.Max(_mostResident, residentShare ?? 0);
        IsPaged = _numFaulting >= LooksInARow || residentShare < _mostResident - LostShare;
    }

    /// <summary>The model is not loaded, or loads: it is read from the disk as it should be.</summary>
    public void Reset()
    {
        (_lastFaults, _lastSteps, _numFaulting, _mostResident, Rate, IsPaged) = (null, 0, 0, 0, 0, false);
    }
}
