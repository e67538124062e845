namespace InferenceServer.Server.Hosting;

/// <summary>When a request arrived: where its times are counted from.</summary>
/// <param name="At">Clock ticks.</param>
internal sealed record RequestArrival(long At);
