using System.ComponentModel.DataAnnotations;

namespace InferenceServer.Inference;

/// <summary>Section <c>Inference:Residency</c>: what keeps the first token after a long idle time as fast as any other.</summary>
public sealed class ResidencyOptions
{
    /// <summary>
    /// After so many idle seconds a token is computed for nobody, and so on, so that the weights stay in memory and the device's clocks up; 0 never. It
    /// costs a step's energy each time; a mixture of experts is only touched where that token goes: pin the weights instead
    /// (<see cref="InferenceOptions.MLock"/>).
    /// </summary>
    [Range(0, 86_400)]
    public int KeepWarmSeconds { get; set; }
}
