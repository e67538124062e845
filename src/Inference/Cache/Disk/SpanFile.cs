using System.Buffers.Binary;
using System.Security.Cryptography;

namespace InferenceServer.Inference.Cache.Disk;

/// <summary>
/// The bytes of a file: a head of fixed size, the tokens, a hash of both, the state. The head holds the state's length and hash, so that the head's own hash vouches for all, and a
/// scan need not read states. All numbers little endian. Pure; any thread.
/// </summary>
internal static class SpanFile
{
    /// <summary>Changes with the format.</summary>
    public const int Version = 1;

    /// <summary>Bytes of the largest part before the state.</summary>
    public const int MaxHeadBytes = FixedBytes + (PrefixStore.SpanSize * sizeof(int)) + HashBytes;

    private const int HashBytes = SHA256.HashSizeInBytes;

    // Magic, version, start, tokens, conversation, state's length, before, fingerprint's hash, state's hash.
    private const int FixedBytes = 8 + (4 * sizeof(int)) + sizeof(long) + 16 + HashBytes + HashBytes;
    private const int VersionAt = 8;
    private const int StartAt = VersionAt + sizeof(int);
    private const int NumTokensAt = StartAt + sizeof(int);
    private const int ConversationAt = NumTokensAt + sizeof(int);
    private const int StateLengthAt = ConversationAt + sizeof(int);
    private const int BeforeAt = StateLengthAt + sizeof(long);
    private const int FingerprintAt = BeforeAt + 16;
    private const int StateHashAt = FingerprintAt + HashBytes;

    private static ReadOnlySpan<byte> Magic => "KVPREFIX"u8;

    /// <summary>What comes before the state.</summary>
    /// <param name="header">What to say.</param>
    /// <param name="fingerprint">Hash of everything but the tokens that changes the numbers.</param>
    /// <param name="state">The state that follows.</param>
    public static byte[] EncodeHead(SpanHeader header, ReadOnlySpan<byte> fingerprint, ReadOnlySpan<byte> state)
    {
        var head = new byte[HeadBytes(header.Tokens.Length)];
        Magic.CopyTo(head);
        Write(head, VersionAt, Version);
        Write(head, StartAt, header.Start);
        Write(head, NumTokensAt, header.Tokens.Length);
        Write(head, ConversationAt, header.ConversationLength);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(StateLengthAt), state.Length);
        BinaryPrimitives.WriteUInt128LittleEndian(head.AsSpan(BeforeAt), header.Before.Value);
        fingerprint.CopyTo(head.AsSpan(FingerprintAt, HashBytes));
        SHA256.HashData(state, head.AsSpan(StateHashAt));
        for (var i = 0; i < header.Tokens.Length; i++)
        {
            Write(head, FixedBytes + (i * sizeof(int)), header.Tokens.Span[i]);
        }

        SHA256.HashData(head.AsSpan(0, head.Length - HashBytes), head.AsSpan(head.Length - HashBytes));
        return head;
    }

    /// <summary>Bytes of a file with so many tokens and such a state.</summary>
    public static long FileBytes(int numTokens, long stateLength) => HeadBytes(numTokens) + stateLength;

    /// <summary>Reads what comes before the state, and says what is wrong with it.</summary>
    /// <param name="file">The file's beginning: all of it, or at least <see cref="MaxHeadBytes"/>.</param>
    /// <param name="fileBytes">The file's length.</param>
    /// <param name="name">The file's name without its ending.</param>
    /// <param name="fingerprint">As given to <see cref="EncodeHead"/>.</param>
    /// <param name="header">What the file says; null unless it is sound, also if <see cref="SpanFault.Foreign"/>.</param>
    public static SpanFault ReadHead(ReadOnlySpan<byte> file, long fileBytes, string name, ReadOnlySpan<byte> fingerprint, out SpanHeader? header)
    {
        header = null;
        if (file.Length < FixedBytes)
        {
            return SpanFault.Truncated;
        }

        if (!file.StartsWith(Magic) || Read(file, VersionAt) != Version)
        {
            return SpanFault.Version;
        }

        var (start, numTokens, conversation) = (Read(file, StartAt), Read(file, NumTokensAt), Read(file, ConversationAt));
        var stateLength = BinaryPrimitives.ReadInt64LittleEndian(file[StateLengthAt..]);
        if (numTokens is <= 0 or > PrefixStore.SpanSize || start < 0 || start % PrefixStore.SpanSize != 0 || stateLength < 0 || conversation < 0)
        {
            return SpanFault.Corrupt;
        }

        if (fileBytes != FileBytes(numTokens, stateLength) || file.Length < HeadBytes(numTokens))
        {
            return SpanFault.Truncated;
        }

        var hashAt = HeadBytes(numTokens) - HashBytes;
        if (!SHA256.HashData(file[..hashAt]).AsSpan().SequenceEqual(file.Slice(hashAt, HashBytes)))
        {
            return SpanFault.Corrupt;
        }

        var tokens = new int[numTokens];
        for (var i = 0; i < numTokens; i++)
        {
            tokens[i] = Read(file, FixedBytes + (i * sizeof(int)));
        }

        var found = new SpanHeader(new PrefixName(BinaryPrimitives.ReadUInt128LittleEndian(file[BeforeAt..])), start, tokens, conversation);
        if (found.FileName != name)
        {
            return SpanFault.Mismatch;
        }

        header = found;
        return file.Slice(FingerprintAt, HashBytes).SequenceEqual(fingerprint) ? SpanFault.None : SpanFault.Foreign;
    }

    /// <summary>Tells one model's files from another's; of a file whose head is sound.</summary>
    public static string FingerprintOf(ReadOnlySpan<byte> file) => Convert.ToHexStringLower(file.Slice(FingerprintAt, HashBytes));

    /// <summary>The state of a whole file whose head is sound; null if it is not what was written.</summary>
    public static byte[]? ReadState(ReadOnlySpan<byte> file)
    {
        var state = file[HeadBytes(Read(file, NumTokensAt))..];
        return SHA256.HashData(state).AsSpan().SequenceEqual(file.Slice(StateHashAt, HashBytes)) ? state.ToArray() : null;
    }

    private static int HeadBytes(int numTokens) => FixedBytes + (numTokens * sizeof(int)) + HashBytes;

    private static void Write(byte[] bytes, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);

    private static int Read(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);
}
