using System.Globalization;

namespace InferenceServer.Inference.Cache.Disk;

/// <summary>How much may still be written: a day's worth at most, which flows back in over a day, restarts included. Flash wears out by writing. One thread.</summary>
/// <param name="bytesPerDay">A day's worth; 0 or more.</param>
/// <param name="now">The time.</param>
/// <param name="saved">What <see cref="Save"/> returned last; null or anything else for a whole day's worth.</param>
internal sealed class WriteBudget(long bytesPerDay, DateTimeOffset now, string? saved)
{
    private DateTimeOffset _at = now;
    private double _left = Load(saved, bytesPerDay, now);

    /// <summary>A day's worth.</summary>
    public long BytesPerDay => bytesPerDay;

    /// <summary>What may be written now.</summary>
    public long LeftAt(DateTimeOffset now)
    {
        var elapsed = Math.Max(0, (now - _at).TotalDays);
        _left = Math.Min(bytesPerDay, _left + (elapsed * bytesPerDay));
        _at = now;
        return (long)_left;
    }

    /// <summary>Something is written.</summary>
    public void Take(long bytes) => _left -= bytes;

    /// <summary>What to keep over a restart.</summary>
    public string Save() => string.Create(CultureInfo.InvariantCulture, $"{_at:O} {_left:F0}");

    // A clock that was set back gives no more than what was left.
    private static double Load(string? saved, long bytesPerDay, DateTimeOffset now) =>
        saved?.Trim().Split(' ') is [var at, var left]
        && DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var then)
        && double.TryParse(left, NumberStyles.Float, CultureInfo.InvariantCulture, out var bytes)
        && double.IsFinite(bytes)
            ? Math.Min(bytesPerDay, Math.Min(bytes, bytesPerDay) + (Math.Max(0, (now - then).TotalDays) * bytesPerDay))
            : bytesPerDay;
}
