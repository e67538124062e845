namespace InferenceServer.Telemetry.Metrics;

/// <summary>
/// The meters that are collected. Rooms that Telemetry must not know are known by these names only; a test holds the names and the
/// rooms together.
/// </summary>
public static class MeterNames
{
    /// <summary>The engine, recorded on the host's side of its face.</summary>
    public const string Engine = "InferenceServer.Engine";

    /// <summary>Requests, as the HTTP server sees them; holds OpenTelemetry's <c>gen_ai.*</c> too.</summary>
    public const string Server = "InferenceServer.Server";

    /// <summary>The names of vLLM. The exporter writes a colon after this meter's name, as vLLM does.</summary>
    public const string Vllm = "vllm";

    /// <summary>This process: memory, files, processor time.</summary>
    public const string Process = "InferenceServer.Process";

    /// <summary>Memory bandwidth used and its ceiling.</summary>
    public const string Roofline = "InferenceServer.Roofline";

    /// <summary>Watts, joules, and joules per token.</summary>
    public const string Power = "InferenceServer.Power";

    /// <summary>Memory of model, process and machine.</summary>
    public const string Memory = "InferenceServer.Memory";
}
