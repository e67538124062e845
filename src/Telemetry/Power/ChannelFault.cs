namespace InferenceServer.Telemetry.Power;

/// <summary>Why a channel or a source has no value: the label <c>reason</c>. "Not available" is never told as 0.</summary>
public enum ChannelFault
{
    /// <summary>It has one.</summary>
    None,

    /// <summary>It was found; the second reading is not there yet.</summary>
    Starting,

    /// <summary>This machine has no such thing, or the system hides it.</summary>
    NotFound,

    /// <summary>It is there, but this process may not read it.</summary>
    Permission,

    /// <summary>It is there, but the device or driver does not tell.</summary>
    NotSupported,

    /// <summary>It was not asked for in the settings.</summary>
    NotEnabled,

    /// <summary>The device rests, and has no such value then.</summary>
    Idle,

    /// <summary>The counter stands still although the device works.</summary>
    Stalled,

    /// <summary>Nothing new was published for too long to say anything about now.</summary>
    Stale,

    /// <summary>Reading it failed; it is tried again.</summary>
    Failed,
}
