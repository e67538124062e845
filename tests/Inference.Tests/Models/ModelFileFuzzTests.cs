using System.Buffers.Binary;
using InferenceServer.Inference.Models;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Models;

/// <summary>Whatever bytes a file holds, reading it ends soon, with a value, and costs little memory.</summary>
public sealed class ModelFileFuzzTests
{
    private readonly byte[] _model;
    private readonly int _headerLength;

    public ModelFileFuzzTests()
    {
        var writer = TinyModel.Create(new TinyModelOptions { BlockCount = 1 });
        _model = writer.ToArray();
        _headerLength = writer.HeaderLength();
    }

    [Fact]
    public void Read_TruncatedAtEveryByteOfTheHeader_IsTruncated()
    {
        for (var length = 0; length < _headerLength; length++)
        {
            AssertError(ModelFileError.Truncated, _model.AsSpan(0, length).ToArray());
        }
    }

    [Fact]
    public void Read_TruncatedWithinTheData_IsTruncated()
    {
        for (var length = _headerLength; length < _model.Length - 32; length += 997)
        {
            AssertError(ModelFileError.Truncated, _model.AsSpan(0, length).ToArray());
        }

        AssertError(ModelFileError.Truncated, _model[..^32]);
    }

    [Fact]
    public void Read_EachBitOfTheHeaderFlipped_NeverThrows()
    {
        var bytes = _model.ToArray();
        var numRefused = 0;
        for (var bit = 0; bit < _headerLength * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            numRefused += Read(bytes).IsUsable ? 0 : 1;
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        // Many bits are letters of tokens or digits of numbers that nothing contradicts.
        Assert.InRange(numRefused, _headerLength, (_headerLength * 8) - 1);
    }

    [Fact]
    public void Read_RandomBytes_NeverThrows()
    {
        var random = new Random(1);
        for (var i = 0; i < 5_000; i++)
        {
            var bytes = new byte[random.Next(400)];
            random.NextBytes(bytes);
            if (i % 2 == 0 && bytes.Length >= 24)
            {
                // Half of them get past the signature.
                "GGUF"u8.CopyTo(bytes);
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), 3);
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), (ulong)random.Next(3));
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), (ulong)random.Next(5));
            }

            Assert.False(Read(bytes).IsUsable);
        }
    }

    [Fact]
    public void Read_RandomStretchesOfTheHeaderReplaced_NeverThrows()
    {
        var random = new Random(2);
        ulong[] oddNumbers = [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1UL << 40, long.MaxValue, 1UL << 63, ulong.MaxValue];
        for (var i = 0; i < 5_000; i++)
        {
            var bytes = _model.ToArray();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                var at = random.Next(_headerLength - 8);
                if (random.Next(2) == 0)
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), oddNumbers[random.Next(oddNumbers.Length)]);
                }
                else
                {
                    random.NextBytes(bytes.AsSpan(at, random.Next(8)));
                }
            }

            Read(bytes);
        }
    }

    [Fact]
    public void Read_LyingNumbers_CostNoMoreThanTheBytesThatAreThere()
    {
        // A lie may make a text of what follows it, never more than that. Numbers of 64 bits are all counts, lengths,
        // dimensions and offsets.
        var bytes = _model.ToArray();
        Read(bytes);
        foreach (var lie in new ulong[] { 0x7FFF_FFFF, 1UL << 40, long.MaxValue, ulong.MaxValue, (ulong)_model.Length })
        {
            for (var at = 8; at < _headerLength - 8; at += 3)
            {
                var saved = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), lie);
                var before = GC.GetAllocatedBytesForCurrentThread();
                Read(bytes);
                var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(allocated < 6 * _model.Length, $"{allocated} bytes were allocated for {lie} at {at}.");
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), saved);
            }
        }
    }

    [Fact]
    public void Read_FileThatShrinksMeanwhile_IsTruncated()
    {
        for (var length = 0; length < _headerLength; length += 101)
        {
            AssertError(ModelFileError.Truncated, new ShrinkingStream(_model, length));
        }
    }

    private static ModelFileResult Read(byte[] bytes) => ModelFile.Read("fuzz.gguf", _ => new MemoryStream(bytes));

    private static void AssertError(ModelFileError error, byte[] bytes) => AssertError(error, new MemoryStream(bytes));

    private static void AssertError(ModelFileError error, Stream stream)
    {
        var result = ModelFile.Read("fuzz.gguf", _ => stream);
        Assert.True(error == result.Error, $"{result.Error}: {result.Message}");
    }

    /// <summary>Says that it is as long as all its bytes and yields fewer.</summary>
    private sealed class ShrinkingStream(byte[] bytes, int available) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..(int)Math.Clamp(available - Position, 0, buffer.Length)]);
    }
}
