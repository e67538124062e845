using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace InferenceServer.Inference.Cache;

/// <summary>
/// Names a prefix by content: a hash chain from (fingerprint of everything that changes the numbers, salt) over blocks of
/// tokens. Equal names mean equal KV; 128 bits of SHA-256, so that names may be trusted across processes and files.
/// </summary>
/// <param name="Value">The first 16 bytes of the hash.</param>
internal readonly record struct PrefixName(UInt128 Value)
{
    /// <summary>The name of the empty prefix. <paramref name="salt"/> null and empty are different salts.</summary>
    public static PrefixName Root(string fingerprint, string? salt) =>
        Hash(Encoding.UTF8.GetBytes(salt is null ? $"{fingerprint}\n" : $"{fingerprint}\n+{salt}"));

    /// <summary>The name of this prefix followed by <paramref name="tokens"/>, at most a block of them.</summary>
    public PrefixName Append(ReadOnlySpan<int> tokens)
    {
        Span<byte> bytes = stackalloc byte[16 + (PrefixNode.BlockSize * sizeof(int))];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, Value);
        MemoryMarshal.AsBytes(tokens).CopyTo(bytes[16..]);
        return Hash(bytes[..(16 + (tokens.Length * sizeof(int)))]);
    }

    private static PrefixName Hash(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return new PrefixName(BinaryPrimitives.ReadUInt128LittleEndian(hash));
    }
}
