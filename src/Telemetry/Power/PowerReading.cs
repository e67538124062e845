namespace InferenceServer.Telemetry.Power;

/// <summary>What one channel said when it was asked.</summary>
public readonly record struct PowerReading
{
    private PowerReading(double value, double publishedAt, ChannelFault fault)
    {
        Value = value;
        PublishedAt = publishedAt;
        Fault = fault;
    }

    /// <summary>In the unit of the channel's quantity; 0 if <see cref="Fault"/> is set.</summary>
    public double Value { get; }

    /// <summary>When the device published the value, which may be long before it was read; seconds on <see cref="MonotonicClock"/>.</summary>
    public double PublishedAt { get; }

    /// <summary>Why there is no value; None if there is.</summary>
    public ChannelFault Fault { get; }

    /// <summary>A value.</summary>
    public static PowerReading Of(double value, double publishedAt) => new(value, publishedAt, ChannelFault.None);

    /// <summary>No value.</summary>
    public static PowerReading Missing(ChannelFault fault) => new(0, 0, fault);
}
