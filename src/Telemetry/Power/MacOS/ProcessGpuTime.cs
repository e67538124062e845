namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>
/// From the driver's counters, one for each connection of a process to the GPU, to seconds of the engine's process and of all others. Connections
/// come and go; what one had used when it was first seen after the first look was used meanwhile. Pure; one thread at a time.
/// </summary>
/// <param name="readSelf">The engine's process, which may be another one every time.</param>
internal sealed class ProcessGpuTime(Func<int> readSelf)
{
    private const double SecondsPerTick = 1e-9;

    private Dictionary<ulong, long> _last = [];
    private Dictionary<ulong, long> _seen = [];
    private bool _hasLast;

    /// <summary>Seconds since the first look.</summary>
    public double Self { get; private set; }

    /// <inheritdoc cref="Self"/>
    public double Other { get; private set; }

    /// <summary>Takes a connection's counter.</summary>
    /// <param name="connection">Its id in the registry, which is never used again.</param>
    /// <param name="process">Whose it is.</param>
    /// <param name="nanoseconds">What it has used since it was opened.</param>
    public void Observe(ulong connection, int process, long nanoseconds)
    {
        var before = _last.TryGetValue(connection, out var last) ? last : _hasLast ? 0 : nanoseconds;
        var seconds = Math.Max(0, nanoseconds - before) * SecondsPerTick;
        _seen[connection] = nanoseconds;
        if (process == readSelf())
        {
            Self += seconds;
        }
        else
        {
            Other += seconds;
        }
    }

    /// <summary>All connections have been observed.</summary>
    public void EndLook()
    {
        (_last, _seen) = (_seen, _last);
        _seen.Clear();
        _hasLast = true;
    }

    /// <summary>The process in the words of the registry, <c>pid 123, name</c>; null if it is something else.</summary>
    public static int? ParseCreator(ReadOnlySpan<char> text)
    {
        const string Opening = "pid ";
        if (!text.StartsWith(Opening, StringComparison.Ordinal))
        {
            return null;
        }

        var digits = text[Opening.Length..];
        var end = digits.IndexOfAnyExceptInRange('0', '9');
        return int.TryParse(end < 0 ? digits : digits[..end], out var process) ? process : null;
    }
}
