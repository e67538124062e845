using System.Buffers.Binary;
using System.Security.Cryptography;

namespace InferenceServer.Inference.Models;

/// <summary>
/// Tells one model's files from another's, wherever they lie: by length, time of the last change and samples of each file, which take no time even of 40 GB. Where the length and
/// the time are kept, a change between the samples would go unseen; nothing that writes models keeps the time.
/// </summary>
internal static class ModelIdentity
{
    private const int NumSamples = 16;
    private const int SampleBytes = 1 << 16;

    /// <summary>The identity of a model; throws <see cref="IOException"/>.</summary>
    /// <param name="path">Its file, or the first of its shards.</param>
    public static string Of(string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var name = GgufShardName.Parse(path);
        for (var shard = 1; shard <= (name?.Count ?? 1); shard++)
        {
            Append(hash, name?.PathOf(shard) ?? path);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, string path)
    {
        using var file = File.OpenHandle(path);
        var length = RandomAccess.GetLength(file);
        var sample = new byte[SampleBytes];
        BinaryPrimitives.WriteInt64LittleEndian(sample, length);
        BinaryPrimitives.WriteInt64LittleEndian(sample.AsSpan(sizeof(long)), File.GetLastWriteTimeUtc(file).Ticks);
        hash.AppendData(sample.AsSpan(0, 2 * sizeof(long)));
        for (var i = 0; i < NumSamples; i++)
        {
            var at = Math.Max(0, length - SampleBytes) * i / (NumSamples - 1);
            hash.AppendData(sample.AsSpan(0, RandomAccess.Read(file, sample, at)));
        }
    }
}
