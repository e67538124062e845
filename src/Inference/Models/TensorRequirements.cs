namespace InferenceServer.Inference.Models;

/// <summary>
/// What tensors must be like so that llama.cpp v0.4.0 computes with them: over the wrong number formats it aborts the
/// process in its first step, or reads what is not there.
/// </summary>
internal static class TensorRequirements
{
    // Norms, biases and what a recurrent state is stepped with.
    private static readonly string[] KeptInFloat32 = ["_norm.weight", ".bias", ".ssm_conv1d.weight", ".ssm_a", ".ssm_d"];

    /// <summary>The first requirement that is not met; null if all are.</summary>
    public static ModelFileFault? Check(IReadOnlyList<GgufTensorInfo> tensors) =>
        tensors.FirstOrDefault(tensor => !CanCompute(tensor)) is { } tensor
            ? new ModelFileFault(
                ModelFileError.UnsupportedTensorType,
                $"has the tensor {ModelFileFault.Quote(tensor.Name)} of type {tensor.Type.Name}, with which llama.cpp cannot compute")
            : null;

    private static bool CanCompute(GgufTensorInfo tensor) => tensor.Type.Name switch
    {
        "f32" => true,

        // Formats of intermediate results, and of numbers that no model has.
        "q8_1" or "q8_K" or "f64" or "i8" or "i16" or "i64" => false,

        // The one table of integers: which experts a token goes to (DeepSeek 4).
        "i32" => tensor.Name.Contains("tid2eid", StringComparison.Ordinal),

        // Every converter leaves these alone, whatever it does to the rest.
        _ => !KeptInFloat32.Any(ending => tensor.Name.EndsWith(ending, StringComparison.Ordinal)),
    };
}
