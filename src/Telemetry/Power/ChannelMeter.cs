namespace InferenceServer.Telemetry.Power;

/// <summary>
/// From one channel's readings to its present value, its joules, and windows of energy: the arithmetic that all sources share. Pure; one
/// thread at a time.
/// </summary>
/// <remarks>
/// A counter's watts are its difference over the time between two <em>publications</em>, and hold until the next: asking more often than a
/// device publishes would otherwise give 0 and twice the power in turn. A difference of 0 while the device works is no publication.
/// </remarks>
/// <param name="channel">Whose readings.</param>
internal sealed class ChannelMeter(PowerChannel channel)
{
    /// <summary>Publications closer together are parts of one: the firmware of an M1 Ultra writes its counters in pieces up to 29 ms apart.</summary>
    public const double MinSpan = 0.05;

    /// <summary>Without a publication for so many seconds a value says nothing about now. Apple's batches come every 2.2 s at most, or after minutes.</summary>
    public const double StaleAfter = 10;

    /// <summary>A counter that stood still for so many seconds of work is stalled. Longer than any batch.</summary>
    public const double StalledAfter = 3;

    private double _counter;
    private double _publishedAt = double.NaN;
    private double _seenAt = double.NaN;
    private double _stillSeconds;
    private double _lastStillAt;

    /// <summary>Whose readings.</summary>
    public PowerChannel Channel { get; } = channel;

    /// <summary>Why <see cref="Value"/> means nothing; None if it does.</summary>
    public ChannelFault Fault { get; private set; } = ChannelFault.Starting;

    /// <summary>Watts for energy and power; otherwise the last reading. NaN until there is one.</summary>
    public double Value { get; private set; } = double.NaN;

    /// <summary>Joules since the first reading; whatever was used while the channel could not be read is missing.</summary>
    public double Joules { get; private set; }

    /// <summary>When the device published what <see cref="Value"/> comes from; NaN before.</summary>
    public double PublishedAt => _publishedAt;

    /// <summary>The fault as of a moment: a source that hangs takes its values with it.</summary>
    public ChannelFault FaultAt(double now) => Fault == ChannelFault.None && now - _seenAt > StaleAfter ? ChannelFault.Stale : Fault;

    /// <summary>Takes a reading.</summary>
    /// <param name="reading">What the source said.</param>
    /// <param name="now">When it was asked.</param>
    /// <param name="isWorking">True if the device is known to have worked since the last reading.</param>
    /// <param name="window">The energy that became known.</param>
    /// <returns>True if <paramref name="window"/> is set.</returns>
    public bool Take(in PowerReading reading, double now, bool isWorking, out EnergyWindow window)
    {
        window = default;
        if (reading.Fault != ChannelFault.None)
        {
            Lose(reading.Fault);
            return false;
        }

        if (!double.IsFinite(reading.Value) || !double.IsFinite(reading.PublishedAt))
        {
            Lose(ChannelFault.Failed);
            return false;
        }

        return Channel.Quantity switch
        {
            PowerQuantity.Energy => TakeCounter(reading, now, isWorking, out window),
            PowerQuantity.Power => TakePower(reading, now, out window),
            _ => TakeValue(reading, now),
        };
    }

    /// <summary>The source failed: nothing is known, and the next reading is a first one.</summary>
    public void Lose(ChannelFault fault)
    {
        Fault = fault;
        Value = double.NaN;
        _publishedAt = double.NaN;
        _stillSeconds = 0;
    }

    private bool TakeCounter(in PowerReading reading, double now, bool isWorking, out EnergyWindow window)
    {
        window = default;
        if (double.IsNaN(_publishedAt) || reading.Value < _counter)
        {
            // The first one; or the driver was loaded anew and counts from 0: what it used in between is lost.
            Fault = double.IsNaN(_publishedAt) ? ChannelFault.Starting : Fault;
            Rebase(reading, now);
            return false;
        }

        _seenAt = now;
        var span = reading.PublishedAt - _publishedAt;
        var stands = reading.Value <= _counter;
        if (span < MinSpan || (stands && (isWorking || Fault == ChannelFault.Stalled)))
        {
            Wait(now, isWorking);
            return false;
        }

        window = new EnergyWindow(_publishedAt, reading.PublishedAt, reading.Value - _counter);
        Rebase(reading, now);
        Joules += window.Joules;

        // The mean of minutes is true of the joules and says nothing about now.
        Fault = span > StaleAfter ? ChannelFault.Stale : ChannelFault.None;
        Value = span > StaleAfter ? double.NaN : window.Joules / span;
        return true;
    }

    // Nothing new: the last value holds, but not for ever.
    private void Wait(double now, bool isWorking)
    {
        _stillSeconds = isWorking ? _stillSeconds + (now - _lastStillAt) : 0;
        _lastStillAt = now;
        if (_stillSeconds >= StalledAfter)
        {
            Fault = ChannelFault.Stalled;
            Value = double.NaN;
        }
        else if (now - _publishedAt > StaleAfter && Fault != ChannelFault.Stalled)
        {
            Fault = ChannelFault.Stale;
            Value = double.NaN;
        }
    }

    private void Rebase(in PowerReading reading, double now)
    {
        _counter = reading.Value;
        _publishedAt = reading.PublishedAt;
        _seenAt = now;
        _lastStillAt = now;
        _stillSeconds = 0;
    }

    private bool TakePower(in PowerReading reading, double now, out EnergyWindow window)
    {
        window = default;
        var (lastWatts, lastAt) = (Value, _publishedAt);
        _seenAt = now;
        if (!double.IsNaN(lastAt) && reading.PublishedAt - lastAt < MinSpan)
        {
            if (now - lastAt > StaleAfter)
            {
                Fault = ChannelFault.Stale;
                Value = double.NaN;
            }

            return false;
        }

        Value = reading.Value;
        _publishedAt = reading.PublishedAt;
        Fault = ChannelFault.None;
        if (!(reading.PublishedAt - lastAt <= StaleAfter) || double.IsNaN(lastWatts) || !Channel.TellsEnergy)
        {
            return false;
        }

        // Trapezoid: the watts between two readings are taken to change evenly.
        window = new EnergyWindow(lastAt, reading.PublishedAt, Math.Max(0, (lastWatts + reading.Value) / 2 * (reading.PublishedAt - lastAt)));
        Joules += window.Joules;
        return true;
    }

    private bool TakeValue(in PowerReading reading, double now)
    {
        Value = reading.Value;
        _publishedAt = reading.PublishedAt;
        _seenAt = now;
        Fault = ChannelFault.None;
        return false;
    }
}
