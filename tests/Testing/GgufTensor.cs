using System.Runtime.InteropServices;
using InferenceServer.Inference.Models;

namespace InferenceServer.Testing;

/// <summary>A tensor to write.</summary>
/// <param name="Name">For example <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Type">ggml's number of the type: 0 is f32.</param>
/// <param name="Dimensions">Fastest first.</param>
/// <param name="Data">Its bytes; written as they are, whatever the dimensions say.</param>
internal sealed record GgufTensor(string Name, int Type, long[] Dimensions, byte[] Data)
{
    /// <summary>Bytes in the file; more than <see cref="Data"/> for a hollow tensor.</summary>
    public long Length { get; private init; } = Data.Length;

    /// <summary>A tensor of the right length without data: in a file on a disk it is a hole that takes no space and reads as zeros.</summary>
    public static GgufTensor Hollow(string name, int type, params long[] dimensions)
    {
        var format = GgmlType.Find((uint)type)!;
        var length = dimensions.Aggregate(1L, (product, dimension) => product * dimension) / format.BlockLength * format.BlockBytes;
        return new GgufTensor(name, type, dimensions, []) { Length = length };
    }

    /// <summary>A tensor of f32.</summary>
    public static GgufTensor Float32(string name, ReadOnlySpan<float> values, params long[] dimensions) =>
        new(name, 0, dimensions, MemoryMarshal.AsBytes(values).ToArray());
}
