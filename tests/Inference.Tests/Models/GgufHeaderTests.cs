using System.Buffers.Binary;
using System.Text;
using InferenceServer.Inference.Models;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Models;

public sealed class GgufHeaderTests
{
    [Fact]
    public void Read_EveryValueType_ComesOut()
    {
        var header = Use(new GgufWriter()
            .Set("u8", (byte)200).Set("i8", (sbyte)-100).Set("u16", (ushort)60_000).Set("i16", (short)-30_000)
            .Set("u32", 4_000_000_000u).Set("i32", -2_000_000_000).Set("f32", 1.5f).Set("yes", true).Set("no", false)
            .Set("u64", 1UL << 52).Set("i64", -(1L << 52)).Set("f64", 1e300).Set("text", "a\nß").Set("nothing", double.NaN));
        Assert.Equal(200, header.FindNumber("u8"));
        Assert.Equal(-100, header.FindNumber("i8"));
        Assert.Equal(60_000, header.FindNumber("u16"));
        Assert.Equal(-30_000, header.FindNumber("i16"));
        Assert.Equal(4_000_000_000, header.FindNumber("u32"));
        Assert.Equal(-2_000_000_000, header.FindNumber("i32"));
        Assert.Equal(1.5, header.FindNumber("f32"));
        Assert.Equal(1, header.FindNumber("yes"));
        Assert.Equal(0, header.FindNumber("no"));
        Assert.Equal(1L << 52, header.FindNumber("u64"));
        Assert.Equal(-(1L << 52), header.FindNumber("i64"));
        Assert.Equal(1e300, header.FindNumber("f64"));
        Assert.Equal("a\nß", header.FindText("text"));
        Assert.Null(header.FindNumber("text"));
        Assert.Null(header.FindText("u8"));
        Assert.Null(header.FindNumber("nothing"));
        Assert.Null(header.FindNumber("absent"));
    }

    [Fact]
    public void Read_Arrays_AreLeftWhereTheyAre()
    {
        var writer = new GgufWriter().Set("numbers", new[] { 1f, 2f, 3f }).Set("texts", new[] { "a", "", "ccc" }).Set("none", Array.Empty<byte>()).Set("after", 7u);
        var bytes = writer.ToArray();
        var header = Use(writer);
        var numbers = header.Values["numbers"];
        Assert.Equal((true, GgufValueType.Float32, 3L), (numbers.IsArray, numbers.Type, numbers.Count));
        Assert.Equal(1f, BitConverter.ToSingle(bytes, (int)numbers.Position));
        Assert.Equal((GgufValueType.Text, 3L), (header.Values["texts"].Type, header.Values["texts"].Count));
        Assert.Equal(0, header.Values["none"].Count);
        Assert.Equal(7, header.FindNumber("after"));
    }

    [Fact]
    public void Read_ArrayLargerThanTheBuffer_IsPassedOver()
    {
        var writer = new GgufWriter().Set("numbers", new long[100_000]).Set("texts", Enumerable.Repeat(new string('x', 100), 5_000).ToArray()).Set("after", 7u);
        Assert.Equal(7, Use(writer).FindNumber("after"));
    }

    [Fact]
    public void Read_Tensors_ArePlacedBehindTheHeader()
    {
        var writer = new GgufWriter()
            .Add(GgufTensor.Float32("a", [1f, 2f, 3f], 3))
            .Add(GgufTensor.Float32("b", [4f, 5f, 6f, 7f], 2, 2));
        var bytes = writer.ToArray();
        var tensors = Use(writer).Tensors;
        Assert.Equal(1f, BitConverter.ToSingle(bytes, (int)tensors[0].Position));
        Assert.Equal(12, tensors[0].NumBytes);
        Assert.Equal(4f, BitConverter.ToSingle(bytes, (int)tensors[1].Position));
        Assert.Equal([2, 2], tensors[1].Dimensions);
        Assert.Equal(4, tensors[1].NumElements);
    }

    [Fact]
    public void Read_LastTensorWithoutPadding_IsComplete()
    {
        var writer = new GgufWriter().Add(GgufTensor.Float32("a", [1f], 1));
        var bytes = writer.ToArray().AsSpan(0, writer.HeaderLength() + 4).ToArray();
        Assert.NotNull(Read(bytes).Header);
        Assert.Equal(ModelFileError.Truncated, Read(bytes[..^1]).Fault!.Error);
    }

    [Theory]
    [InlineData(0u, ModelFileError.UnsupportedVersion)]
    [InlineData(1u, ModelFileError.UnsupportedVersion)]
    [InlineData(4u, ModelFileError.UnsupportedVersion)]
    [InlineData(0x0300_0000u, ModelFileError.UnsupportedVersion)]
    public void Read_OtherVersion_IsRefused(uint version, ModelFileError error)
    {
        var fault = Read(new GgufWriter { Version = version }.ToArray()).Fault!;
        Assert.Equal(error, fault.Error);
        Assert.Equal(version == 0x0300_0000, fault.Message.Contains("byte order", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_SameKeyTwice_IsMalformed() =>
        AssertMalformed("has the key 'twice' twice", Rename(new GgufWriter().Set("twice", 1u).Set("tw1ce", 2u), "tw1ce", "twice"));

    [Fact]
    public void Read_KeyWithoutName_IsMalformed() => AssertMalformed("a key without a name", new GgufWriter().Set("", 1u).ToArray());

    [Fact]
    public void Read_SameTensorTwice_IsMalformed() =>
        AssertMalformed("the tensor 'a' twice", new GgufWriter().Add(GgufTensor.Float32("a", [1f], 1)).Add(GgufTensor.Float32("a", [1f], 1)).ToArray());

    [Fact]
    public void Read_TensorNameTooLongForTheLibrary_IsMalformed()
    {
        Use(new GgufWriter().Add(GgufTensor.Float32(new string('n', 63), [1f], 1)));
        AssertMalformed("64 bytes for a tensor's name", new GgufWriter().Add(GgufTensor.Float32(new string('n', 64), [1f], 1)).ToArray());
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(3u)]
    [InlineData(96u)]
    public void Read_AlignmentThatIsNoPowerOfTwo_IsMalformed(uint alignment) =>
        AssertMalformed("general.alignment", new GgufWriter().Set("general.alignment", alignment).ToArray());

    [Fact]
    public void Read_AlignmentOfAnotherType_IsMalformed() =>
        AssertMalformed("general.alignment", new GgufWriter().Set("general.alignment", 32L).ToArray());

    [Fact]
    public void Read_Alignment_DecidesWhereTensorsLie()
    {
        // The writer aligns to 32, so offsets that 64 calls for are not what it writes.
        var writer = new GgufWriter().Set("general.alignment", 64u).Add(GgufTensor.Float32("a", [1f], 1)).Add(GgufTensor.Float32("b", [1f], 1));
        AssertMalformed("at offset 32, where 64 follows", writer.ToArray());
        Use(writer.Set("general.alignment", 32u));
    }

    [Fact]
    public void Read_TensorDimensions_AreBounded()
    {
        AssertMalformed("with 0 dimensions", new GgufWriter().Add(new GgufTensor("a", 0, [], new byte[4])).ToArray());
        AssertMalformed("with 5 dimensions", new GgufWriter().Add(new GgufTensor("a", 0, [1, 1, 1, 1, 1], new byte[4])).ToArray());
        AssertMalformed("a dimension of 0", new GgufWriter().Add(new GgufTensor("a", 0, [4, 0], new byte[4])).ToArray());
        AssertMalformed("a dimension of", new GgufWriter().Add(new GgufTensor("a", 0, [-1], new byte[4])).ToArray());
        AssertMalformed("a dimension of", new GgufWriter().Add(new GgufTensor("a", 0, [long.MaxValue], new byte[4])).ToArray());
        AssertMalformed("a dimension of", new GgufWriter().Add(new GgufTensor("a", 0, [1L << 31, 1L << 31, 4, 1], new byte[4])).ToArray());
        Use(new GgufWriter().Add(new GgufTensor("a", 0, [1, 1, 1, 1], new byte[4])));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(31)]
    [InlineData(43)]
    [InlineData(-1)]
    public void Read_TensorOfUnknownType_IsUnsupported(int type) =>
        Assert.Equal(ModelFileError.UnsupportedTensorType, Read(new GgufWriter().Add(new GgufTensor("a", type, [32], new byte[32])).ToArray()).Fault!.Error);

    [Fact]
    public void Read_RowsThatAreNoWholeBlocks_AreMalformed()
    {
        AssertMalformed("with rows of 33, which type q4_1 cannot hold", new GgufWriter().Add(new GgufTensor("a", 3, [33], new byte[40])).ToArray());
        Assert.Equal(40, Use(new GgufWriter().Add(new GgufTensor("a", 3, [32, 2], new byte[40]))).Tensors[0].NumBytes);
    }

    [Fact]
    public void Read_TensorElsewhereThanBehindTheOneBefore_IsMalformed()
    {
        var bytes = new GgufWriter().Add(GgufTensor.Float32("tensor.a", [1f], 1)).Add(GgufTensor.Float32("tensor.b", [1f], 1)).ToArray();

        // Name, one dimension, type: then the offset.
        var at = bytes.AsSpan().IndexOf("tensor.b"u8) + 8 + 4 + 8 + 4;
        foreach (var offset in new ulong[] { 0, 16, 31, 33, 64, 1UL << 63, ulong.MaxValue })
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), offset);
            AssertMalformed($"at offset {offset}, where 32 follows", bytes);
        }
    }

    [Fact]
    public void Read_UnknownValueType_IsMalformed()
    {
        var bytes = new GgufWriter().Set("key", 1u).ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(24 + 8 + 3), 13);
        AssertMalformed("of unknown type 13", bytes);
    }

    [Fact]
    public void Read_ArrayOfArrays_IsMalformed()
    {
        var bytes = new GgufWriter().Set("key", new[] { 1u }).ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(24 + 8 + 3 + 4), 9);
        AssertMalformed("of elements of unknown type 9", bytes);
    }

    private static GgufHeader Use(GgufWriter writer)
    {
        var (header, fault) = Read(writer.ToArray());
        Assert.Null(fault);
        return header!;
    }

    private static (GgufHeader? Header, ModelFileFault? Fault) Read(byte[] bytes)
    {
        var reader = new GgufReader(new MemoryStream(bytes));
        return (GgufHeader.Read(reader), reader.Fault);
    }

    private static void AssertMalformed(string message, byte[] bytes)
    {
        var (header, fault) = Read(bytes);
        Assert.Null(header);
        Assert.Contains(message, fault!.Message, StringComparison.Ordinal);
        Assert.Equal(ModelFileError.Malformed, fault.Error);
    }

    private static byte[] Rename(GgufWriter writer, string from, string to)
    {
        var bytes = writer.ToArray();
        Encoding.UTF8.GetBytes(to).CopyTo(bytes, bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(from)));
        return bytes;
    }
}
