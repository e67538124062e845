namespace InferenceServer.Server.Doctor;

/// <summary>How long the self test takes its time.</summary>
internal sealed record SelfTestPace
{
    /// <summary>As long as claims need: about ten minutes, and the time to compute a full context.</summary>
    public static SelfTestPace Thorough { get; } = new()
    {
        Decode = TimeSpan.FromSeconds(30),

        Idle = TimeSpan.FromMinutes(4),
        LongestContext = int.MaxValue,
        NumPowerSamples = 3,

        // Longer than Apple's firmware takes to publish its counters.
        PowerInterval = TimeSpan.FromSeconds(2.3),
    };

    /// <summary>To see that it runs; its numbers are worth little.</summary>
    public static SelfTestPace Quick { get; } = new()
    {
        Decode = TimeSpan.FromSeconds(0.5),
        Idle = TimeSpan.FromSeconds(1),
        LongestContext = 1536,
        NumPowerSamples = 1,
        PowerInterval = TimeSpan.FromSeconds(0.3),
    };

    /// <summary>Of each measurement of decoding.</summary>
    public required TimeSpan Decode { get; init; }

    /// <summary>Without a request.</summary>
    public required TimeSpan Idle { get; init; }

    /// <summary>Tokens of the full context at most.</summary>
    public required int LongestContext { get; init; }

    /// <summary>Of every channel.</summary>
    public required int NumPowerSamples { get; init; }

    /// <summary>Between two.</summary>
    public required TimeSpan PowerInterval { get; init; }
}
