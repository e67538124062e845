namespace InferenceServer.Inference.Models;

/// <summary>A tensor as the header describes it; checked to lie within its file.</summary>
/// <param name="Name">For example <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Type">Its number format.</param>
/// <param name="Dimensions">One to four, fastest first.</param>
/// <param name="NumElements">The product of the dimensions.</param>
/// <param name="Position">Where its bytes begin in the file.</param>
/// <param name="NumBytes">How many they are.</param>
internal sealed record GgufTensorInfo(string Name, GgmlType Type, IReadOnlyList<long> Dimensions, long NumElements, long Position, long NumBytes);
