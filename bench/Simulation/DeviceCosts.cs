using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Bench.Simulation;

/// <summary>
/// What a step costs on a device that does not exist here. Decoding a large model is bound by reading its weights, so one step decodes
/// any few sequences at the same price; prefill is bound by arithmetic and paid by the token.
/// </summary>
/// <param name="StepMs">A step, whatever is in it.</param>
/// <param name="PrefillTokenMs">Each prefill token on top.</param>
/// <param name="SmallStepFactor">How many times as much one costs in a step of few tokens, where kernels are made for many rows.</param>
internal sealed record DeviceCosts(double StepMs, double PrefillTokenMs, double SmallStepFactor = 1)
{
    /// <summary>A 70B model in four bits on a desktop with unified memory.</summary>
    public static DeviceCosts Large { get; } = new(StepMs: 90, PrefillTokenMs: 12);

    /// <summary>Duration of a step in milliseconds.</summary>
    public double GetDuration(int numPrefillTokens) => StepMs + (PrefillTokenMs * numPrefillTokens * (numPrefillTokens < StepCosts.LargeStepTokens ? SmallStepFactor : 1));
}
