using System.ComponentModel.DataAnnotations;

namespace InferenceServer.Inference;

/// <summary>Section <c>Engine</c> of the configuration: where the engine runs, and when it is taken for dead.</summary>
public sealed class EngineOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Engine";

    /// <summary>Whether what may crash runs in a process of its own.</summary>
    public EngineIsolation Isolation { get; set; } = EngineIsolation.Process;

    /// <summary>
    /// Milliseconds without a sign of life, without progress although there is work, or in one step, after which the engine's process is ended and started anew. A step
    /// may take 20 times as long as the longest one so far if that is more, and as long as it takes to read the model from a disk besides.
    /// </summary>
    [Range(1_000, 3_600_000)]
    public int HangTimeoutMs { get; set; } = 10_000;
}

/// <summary>Where the engine runs.</summary>
public enum EngineIsolation
{
    /// <summary>In a process of its own, which is started again when it ends; requests go on from what they have.</summary>
    Process,

    /// <summary>In the server's process, for debugging: if it ends, all ends.</summary>
    None,
}
