using System.Collections.Immutable;
using InferenceServer.Inference.Native;

namespace InferenceServer.Inference.Models;

/// <summary>
/// What every token of a model is and which bytes it stands for, copied out of the library once. Immutable; any thread.
/// </summary>
internal sealed class Vocabulary
{
    private readonly byte[] _arena;

    // Token i has the bytes from _offsets[i] to _offsets[i + 1].
    private readonly int[] _offsets;
    private readonly TokenAttributes[] _attributes;
    private readonly bool[] _isEndOfGeneration;

    private Vocabulary(byte[] arena, int[] offsets, TokenAttributes[] attributes, bool[] isEndOfGeneration)
    {
        _arena = arena;
        _offsets = offsets;
        _attributes = attributes;
        _isEndOfGeneration = isEndOfGeneration;
    }

    /// <summary>Number of tokens; ids run from 0.</summary>
    public int Count => _attributes.Length;

    /// <summary>The algorithm that splits text.</summary>
    public required VocabularyKind Kind { get; init; }

    /// <summary>Beginning of a sequence; null if there is none.</summary>
    public required int? Bos { get; init; }

    /// <summary>End of a sequence; null if there is none.</summary>
    public required int? Eos { get; init; }

    /// <summary>End of a turn; null if there is none.</summary>
    public required int? Eot { get; init; }

    /// <summary>For the text between two others; null if the model was not trained for it.</summary>
    public required InfillTokens? Infill { get; init; }

    /// <summary>True: a prompt starts with <see cref="Bos"/>, which then is not null.</summary>
    public required bool AddsBos { get; init; }

    /// <summary>All tokens that end a generation, ascending.</summary>
    public required ImmutableArray<int> EndOfGeneration { get; init; }

    /// <summary>Tokens that the model's authors never want to see generated; normally none.</summary>
    public required ImmutableArray<int> Suppressed { get; init; }

    /// <summary>Tokens that are found in text before it is split, the longest first.</summary>
    public required ImmutableArray<SpecialToken> Special { get; init; }

    /// <summary>Copies a model's vocabulary: some 10 ms for 50,000 tokens. A vocabulary-only load will do.</summary>
    public static Vocabulary Read(NativeVocabulary native)
    {
        var offsets = new int[native.Count + 1];
        var attributes = new TokenAttributes[native.Count];
        var isEndOfGeneration = new bool[native.Count];
        var arena = new ArenaWriter(native);
        var special = new List<SpecialToken>();
        for (var token = 0; token < native.Count; token++)
        {
            attributes[token] = native.GetAttributes(token);
            isEndOfGeneration[token] = native.IsEndOfGeneration(token);
            offsets[token + 1] = arena.Append(token);
            if (ReadSpecial(native, token, attributes[token]) is { } found)
            {
                special.Add(found);
            }
        }

        var bos = NullIfNone(native.Bos);
        return new Vocabulary(arena.ToArray(), offsets, attributes, isEndOfGeneration)
        {
            Kind = native.Kind,
            Bos = bos,
            Eos = NullIfNone(native.Eos),
            Eot = NullIfNone(native.Eot),
            Infill = native is { InfillPrefix: >= 0 and var prefix, InfillSuffix: >= 0 and var suffix, InfillMiddle: >= 0 and var middle }
                ? new InfillTokens(prefix, suffix, middle)
                : null,
            AddsBos = native.AddsBos && bos is not null,
            EndOfGeneration = [.. Enumerable.Range(0, native.Count).Where(token => isEndOfGeneration[token])],
            Suppressed = [.. native.ReadSuppressTokens()],
            Special = [.. special.OrderByDescending(token => token.Text.Length)],
        };
    }

    /// <summary>
    /// The bytes a token stands for, possibly a part of a character; for control tokens their name, for places without
    /// meaning nothing. Joined, they are the text, except that SentencePiece texts begin with one space too many.
    /// </summary>
    public ReadOnlyMemory<byte> GetBytes(int token) => _arena.AsMemory(_offsets[token]..(_offsets[token + 1]));

    /// <summary>True for markers and the unknown token: their bytes are no text for a client.</summary>
    public bool IsControl(int token) => (_attributes[token] & (TokenAttributes.Control | TokenAttributes.Unknown)) != 0;

    /// <summary>True if the token ends a generation.</summary>
    public bool IsEndOfGeneration(int token) => _isEndOfGeneration[token];

    /// <summary>True if the token's bytes are text for a client: no marker, no reserved or meaningless place, nothing that ends a generation.</summary>
    public bool IsText(int token) =>
        _attributes[token] != TokenAttributes.None
        && (_attributes[token] & (TokenAttributes.Control | TokenAttributes.Unknown | TokenAttributes.Unused)) == 0
        && !_isEndOfGeneration[token];

    /// <summary>Kind of a token.</summary>
    public TokenAttributes GetAttributes(int token) => _attributes[token];

    private static int? NullIfNone(int token) => token >= 0 ? token : null;

    private static SpecialToken? ReadSpecial(NativeVocabulary native, int token, TokenAttributes attributes)
    {
        if ((attributes & (TokenAttributes.Control | TokenAttributes.Unknown | TokenAttributes.UserDefined)) == 0)
        {
            return null;
        }

        // An empty text is found everywhere and means nothing.
        var text = native.ReadText(token);
        return text.Length == 0 ? null : new SpecialToken(
            token,
            text,
            IsUserDefined: (attributes & (TokenAttributes.Control | TokenAttributes.Unknown)) == 0,
            StripsLeft: (attributes & TokenAttributes.LStrip) != 0,
            StripsRight: (attributes & TokenAttributes.RStrip) != 0);
    }

    /// <summary>Puts the bytes of all tokens one after the other.</summary>
    private sealed class ArenaWriter(NativeVocabulary native)
    {
        private byte[] _bytes = new byte[native.Count * 8];
        private int _length;

        /// <summary>Adds a token's bytes; returns where they end.</summary>
        public int Append(int token)
        {
            var written = native.ReadPiece(token, _bytes.AsSpan(_length));
            if (written < 0)
            {
                Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length - written));
                written = native.ReadPiece(token, _bytes.AsSpan(_length));
            }

            return _length += written;
        }

        public byte[] ToArray() => _bytes.AsSpan(0, _length).ToArray();
    }
}
