namespace InferenceServer.Telemetry.Tests.Power;

/// <summary>A clock that tests move. Its frequency is odd, so that nothing rests on a round one.</summary>
internal sealed class ManualClock : TimeProvider
{
    public double Seconds { get; set; }

    public override long TimestampFrequency => 7_654_321;

    public override long GetTimestamp() => (long)Math.Round(Seconds * TimestampFrequency);
}
