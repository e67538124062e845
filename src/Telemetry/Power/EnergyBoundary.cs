namespace InferenceServer.Telemetry.Power;

/// <summary>
/// What the joules of a token cover: the label <c>source</c>. The boundaries contain each other, so they are never added. One provider fills
/// a boundary; its channels are different parts (two GPUs, two sockets), which are added.
/// </summary>
public enum EnergyBoundary
{
    /// <summary>The channel is for reading only: a part of another channel, or of no boundary.</summary>
    None,

    /// <summary>All GPUs.</summary>
    Gpu,

    /// <summary>All processor packages, without their memory.</summary>
    Cpu,

    /// <summary>The whole machine, as far as it measures itself.</summary>
    System,
}
