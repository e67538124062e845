namespace InferenceServer.Server.Web;

/// <summary>The pauses of streams in the last seconds. Any thread; adding allocates nothing.</summary>
internal sealed class GapWindow
{
    private const int Seconds = 15;

    // 128 streams at 60 tokens a second fill it in two seconds; the latest are then all there is.
    private const int Capacity = 16_384;

    private readonly (long At, double Gap)[] _gaps = new (long, double)[Capacity];
    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private long _numAdded;

    /// <param name="clock">Tells what is recent.</param>
    public GapWindow(TimeProvider clock)
    {
        _clock = clock;

        // Its pages are made now: coming into memory one by one over the first hour, they would look like a leak.
        Array.Clear(_gaps);
    }

    /// <summary>A pause ended, of so many seconds.</summary>
    public void Add(double seconds)
    {
        lock (_gate)
        {
            _gaps[_numAdded++ % Capacity] = (_clock.GetTimestamp(), seconds);
        }
    }

    /// <summary>Of a hundred pauses, the longest but one; null if there was none.</summary>
    public double? Percentile99()
    {
        var recent = new List<double>();
        lock (_gate)
        {
            var oldest = _clock.GetTimestamp() - (Seconds * _clock.TimestampFrequency);
            for (var i = _numAdded - 1; i >= Math.Max(0, _numAdded - Capacity) && _gaps[i % Capacity].At >= oldest; i--)
            {
                recent.Add(_gaps[i % Capacity].Gap);
            }
        }

        recent.Sort();
        return recent.Count == 0 ? null : recent[(int)Math.Ceiling(recent.Count * 0.99) - 1];
    }
}
