namespace InferenceServer.Inference.Remote.Frames;

/// <summary>What a frame holds. The numbers are the wire's; below 64 they go to the engine's process, from 64 on they come from it.</summary>
internal enum FrameKind : byte
{
    /// <summary>The options: <see cref="EngineStart"/>.</summary>
    Start = 1,

    /// <summary>A call: text to tokens.</summary>
    Encode = 2,

    /// <summary>A call: texts to vectors.</summary>
    Embed = 3,

    /// <summary>A call: the map of the KV memory.</summary>
    Map = 4,

    /// <summary>Nobody waits for a call any more.</summary>
    Cancel = 5,

    /// <summary>A generation to begin, or to go on with.</summary>
    Submit = 6,

    /// <summary>A generation to end.</summary>
    Abort = 7,

    /// <summary>End as one should: free the model, then leave.</summary>
    Stop = 8,

    /// <summary>The first frame: who speaks. See <see cref="Hello"/>.</summary>
    Hello = 64,

    /// <summary>The share of the model that is loaded.</summary>
    Progress = 65,

    /// <summary>The model is loaded: <see cref="ModelFacts"/>.</summary>
    Ready = 66,

    /// <summary>The model cannot be loaded, in a line for the operator.</summary>
    LoadFailed = 67,

    /// <summary>The engine stopped on an error of its own, in a line for the operator; nothing follows.</summary>
    Failed = 68,

    /// <summary>A line of the log.</summary>
    Log = 69,

    /// <summary>What a call came to.</summary>
    Result = 70,

    /// <summary>All that a step gave: counts, reports, events.</summary>
    Step = 71,

    /// <summary>A sign of life, once a second: <see cref="Pulse"/>.</summary>
    Pulse = 72,
}
