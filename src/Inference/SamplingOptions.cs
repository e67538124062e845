using System.ComponentModel.DataAnnotations;

namespace InferenceServer.Inference;

/// <summary>
/// Section <c>Inference:Sampling</c>: values for requests that leave them out. They win over what the model's file
/// recommends; null leaves the choice to the file, then to the API's own default.
/// </summary>
public sealed class SamplingOptions
{
    /// <summary>0 always picks the most likely token.</summary>
    [Range(0.0, 2.0)]
    public float? Temperature { get; set; }

    /// <summary>Share of probability to keep; 1 is off.</summary>
    [Range(0.0, 1.0)]
    public float? TopP { get; set; }

    /// <summary>Most likely tokens to keep; 0 is off.</summary>
    [Range(0, int.MaxValue)]
    public int? TopK { get; set; }

    /// <summary>Least share of the most likely token's probability; 0 is off.</summary>
    [Range(0.0, 1.0)]
    public float? MinP { get; set; }

    /// <summary>Penalty on recent tokens; 1 is off.</summary>
    [Range(0.01, 100.0)]
    public float? RepeatPenalty { get; set; }

    /// <summary>Tokens that the repeat penalty looks back on; 0 is off, -1 all.</summary>
    [Range(-1, int.MaxValue)]
    public int? RepeatLastN { get; set; }
}
