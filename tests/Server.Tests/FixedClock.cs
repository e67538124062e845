namespace InferenceServer.Server.Tests;

/// <summary>Always the same moment, so that answers repeat; timers run in real time.</summary>
internal sealed class FixedClock : TimeProvider
{
    public static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => 1;
}
