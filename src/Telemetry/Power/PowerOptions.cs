using System.ComponentModel.DataAnnotations;

namespace InferenceServer.Telemetry.Power;

/// <summary>Section <c>Power</c> of the configuration: where watts come from and what a kilowatt-hour costs.</summary>
public sealed class PowerOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Power";

    /// <summary>False: no source is opened, and nothing is measured.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Shortest time between two readings of a source, in milliseconds; sources that have something new less often are read less often.</summary>
    [Range(100, 60_000)]
    public int IntervalMs { get; set; } = 500;

    /// <summary>Price of a kilowatt-hour, for the cost of tokens; null tells none.</summary>
    [Range(0.0, 1_000_000.0)]
    public double? PricePerKwh { get; set; }

    /// <summary>What <see cref="PricePerKwh"/> is in, as a label.</summary>
    [StringLength(16, MinimumLength = 1)]
    public string Currency { get; set; } = "EUR";

    /// <summary>macOS: also run Apple's <c>powermetrics</c> beside the server. Only root may.</summary>
    public bool Powermetrics { get; set; }

    /// <summary>Linux: where the kernel shows its devices; another folder where a container has the machine's bound to it, since its own hides the counters.</summary>
    [Required]
    public string SysFolder { get; set; } = "/sys";

    /// <summary>Linux: the NVML library, where it is not where drivers put it; null searches.</summary>
    public string? NvmlLibrary { get; set; }
}
