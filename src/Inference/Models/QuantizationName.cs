namespace InferenceServer.Inference.Models;

/// <summary>Names for <c>general.file_type</c>, as in the names of files that people download.</summary>
internal static class QuantizationName
{
    // llama_ftype of llama.h v0.4.0; empty: a number that was given up. 1024 marks a guess of the converter.
    private const int GuessedFlag = 1024;

    private static readonly string[] Names =
    [
        "F32", "F16", "Q4_0", "Q4_1", "", "", "", "Q8_0", "Q5_0", "Q5_1", "Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_K_S", "Q4_K_M",
        "Q5_K_S", "Q5_K_M", "Q6_K", "IQ2_XXS", "IQ2_XS", "Q2_K_S", "IQ3_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ3_M", "IQ2_S",
        "IQ2_M", "IQ4_XS", "IQ1_M", "BF16", "", "", "", "TQ1_0", "TQ2_0", "MXFP4", "NVFP4", "Q1_0", "Q2_0",
    ];

    /// <summary>The name, or null if the number is absent or unknown.</summary>
    public static string? Find(double? fileType)
    {
        var number = fileType is >= 0 and < 2 * GuessedFlag ? (int)fileType & ~GuessedFlag : -1;
        return number >= 0 && number < Names.Length && Names[number].Length > 0 ? Names[number] : null;
    }
}
