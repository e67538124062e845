using System.ComponentModel.DataAnnotations;

namespace InferenceServer.Telemetry.Metrics;

/// <summary>Section <c>Metrics</c> of the configuration: what is measured and who may read it.</summary>
public sealed class MetricsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Metrics";

    /// <summary>False: nothing is measured and there is no <c>/metrics</c>.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>A port of its own for <c>/metrics</c>, which asks for no key there; null: only the server's port.</summary>
    [Range(1, 65_535)]
    public int? Port { get; set; }

    /// <summary>Address that <see cref="Port"/> is opened on, in the words of <c>Server:Host</c>; null: the server's.</summary>
    public string? Host { get; set; }

    /// <summary>False: no <c>vllm:</c> names, which gateways and vLLM's dashboards look for.</summary>
    public bool VllmNames { get; set; } = true;

    /// <summary>Where to push metrics by OTLP, for example <c>http://127.0.0.1:4317</c>; null pushes nothing. The variables <c>OTEL_EXPORTER_OTLP_*</c> set the rest.</summary>
    public string? OtlpEndpoint { get; set; }

    /// <summary>Protocol of <see cref="OtlpEndpoint"/>. With HTTP the endpoint is the whole URL, <c>/v1/metrics</c> included.</summary>
    public OtlpProtocol OtlpProtocol { get; set; } = OtlpProtocol.Grpc;

    /// <summary>Seconds between two pushes.</summary>
    [Range(1, 3_600)]
    public int OtlpIntervalSeconds { get; set; } = 60;

    /// <summary>Nominal memory bandwidth in GB/s (10^9 bytes); null: by the chip's name, if it is known.</summary>
    [Range(1.0, 100_000.0)]
    public double? MemoryBandwidthGBps { get; set; }
}

/// <summary>How metrics are pushed.</summary>
public enum OtlpProtocol
{
    /// <summary>gRPC, usually port 4317.</summary>
    Grpc,

    /// <summary>Protobuf over HTTP, usually port 4318.</summary>
    Http,
}
