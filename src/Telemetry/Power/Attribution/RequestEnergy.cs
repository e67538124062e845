namespace InferenceServer.Telemetry.Power.Attribution;

/// <summary>Joules of one request within a boundary.</summary>
/// <param name="PrefillJoules">For its prompt.</param>
/// <param name="DecodeJoules">For its tokens.</param>
/// <param name="MeasuredSeconds">Time of its steps that the joules cover: what came after the last publication before the request ended is not in them.</param>
public readonly record struct RequestEnergy(double PrefillJoules, double DecodeJoules, double MeasuredSeconds);
