using System.Runtime.InteropServices;

namespace InferenceServer.Testing;

/// <summary>A tensor to write.</summary>
/// <param name="Name">For example <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Type">ggml's number of the type: 0 is f32.</param>
/// <param name="Dimensions">Fastest first.</param>
/// <param name="Data">Its bytes; written as they are, whatever the dimensions say.</param>
internal sealed record GgufTensor(string Name, int Type, long[] Dimensions, byte[] Data)
{
    /// <summary>A tensor of f32.</summary>
    public static GgufTensor Float32(string name, ReadOnlySpan<float> values, params long[] dimensions) =>
        new(name, 0, dimensions, MemoryMarshal.AsBytes(values).ToArray());
}
