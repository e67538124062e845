namespace InferenceServer.Server.Tests;

/// <summary>A clock that a test moves; timers run in real time.</summary>
internal sealed class ManualClock : TimeProvider
{
    private long _ticks = TimeSpan.TicksPerSecond; // 0 stands for "not yet" in places

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => FixedClock.Now + TimeSpan.FromTicks(GetTimestamp());

    public void Advance(double seconds) => Interlocked.Add(ref _ticks, TimeSpan.FromSeconds(seconds).Ticks);
}
