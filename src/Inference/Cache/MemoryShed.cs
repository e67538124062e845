namespace InferenceServer.Inference.Cache;

/// <summary>How much of the host's memory prefixes may have: all that the settings allow, less when the machine runs short, more again bit by bit. Pure; one thread.</summary>
/// <param name="maxBytes">What the settings allow.</param>
internal sealed class MemoryShed(long maxBytes)
{
    // Shares of the machine's memory that are available. Below the first the system begins to page and to compress; the second is what shedding aims at; in between nothing changes.
    private const double Low = 0.05;
    private const double Enough = 0.1;
    private const double Plenty = 0.15;

    // Steps until all is allowed again.
    private const int NumSteps = 16;

    private readonly long _maxBytes = maxBytes;

    /// <summary>Bytes that prefixes may have.</summary>
    public long Room { get; private set; } = maxBytes;

    /// <summary>Looks at the machine; true if <see cref="Room"/> has changed.</summary>
    /// <param name="storedBytes">What prefixes have now.</param>
    /// <param name="available">Share of the machine's memory that programs may still take.</param>
    /// <param name="totalBytes">The machine's memory.</param>
    public bool Observe(long storedBytes, double available, long totalBytes)
    {
        var before = Room;
        if (available < Low)
        {
            Room = Math.Max(0, Math.Min(Room, storedBytes) - (long)((Enough - available) * totalBytes));
        }
        else if (available > Plenty)
        {
            Room = Math.Min(_maxBytes, Room + Math.Max(1, _maxBytes / NumSteps));
        }

        return Room != before;
    }
}
