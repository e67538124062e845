namespace InferenceServer.Inference.Scheduling;

/// <summary>Waiting order is class, then arrival; lower values go first.</summary>
public enum RequestClass
{
    /// <summary>Before everything else.</summary>
    Priority,

    /// <summary>What a request is unless it says otherwise.</summary>
    Default,

    /// <summary>Yields to everything else and is preempted first.</summary>
    Flex,
}
