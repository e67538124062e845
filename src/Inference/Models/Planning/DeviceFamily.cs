namespace InferenceServer.Inference.Models.Planning;

/// <summary>What computes, as far as memory is concerned.</summary>
public enum DeviceFamily
{
    /// <summary>The processor: everything lies in the machine's memory.</summary>
    Cpu,

    /// <summary>Apple's GPU: everything lies in the machine's memory, and the system lets the GPU have a share of it.</summary>
    Metal,

    /// <summary>Another GPU that uses the machine's memory.</summary>
    Integrated,

    /// <summary>A GPU with memory of its own.</summary>
    Discrete,
}
