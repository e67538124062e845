using InferenceServer.Telemetry.Power;

namespace InferenceServer.Telemetry.Tests.Power;

/// <summary>A source that says what a test puts into it.</summary>
internal sealed class FakePowerSource(params PowerChannel[] channels) : IPowerSource
{
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(100);

    public IReadOnlyList<PowerChannel> Channels => channels;

    public PowerReading[] Readings { get; } = [.. channels.Select(_ => PowerReading.Missing(ChannelFault.Starting))];

    /// <summary>Thrown by the next readings; null for none.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Runs in every reading.</summary>
    public Action OnRead { get; set; } = () => { };

    public int NumReads { get; private set; }

    public int NumDisposed { get; private set; }

    public static PowerChannel Channel(string id, PowerQuantity quantity, EnergyBoundary boundary = EnergyBoundary.None, LoadSignal load = LoadSignal.None) =>
        new() { Id = id, Type = "gpu", Name = id, Quantity = quantity, Boundary = boundary, Load = load };

    public PowerProvider ToProvider(string name = "fake") => new(name, () => PowerOpening.Of(this));

    public void Read(double now, Span<PowerReading> readings)
    {
        NumReads++;
        OnRead();
        if (Failure is { } failure)
        {
            throw failure;
        }

        Readings.CopyTo(readings);
    }

    public void Dispose() => NumDisposed++;
}
