namespace InferenceServer.Telemetry.Prometheus;

/// <summary>Forms of a page of metrics.</summary>
public enum PrometheusFormat
{
    /// <summary>Prometheus' text, version 0.0.4.</summary>
    Text,

    /// <summary>OpenMetrics 1.0.0.</summary>
    OpenMetrics,
}
