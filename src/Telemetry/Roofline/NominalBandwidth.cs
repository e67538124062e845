namespace InferenceServer.Telemetry.Roofline;

/// <summary>How many bytes a second the machine's memory can give at most, by its maker's word. The host knows it, or not.</summary>
/// <param name="BytesPerSecond">Null if unknown.</param>
/// <param name="Source">Where it is from, or why it is unknown: a label.</param>
public sealed record NominalBandwidth(double? BytesPerSecond, string Source);
