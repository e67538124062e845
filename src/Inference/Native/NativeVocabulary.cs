using System.Runtime.InteropServices;

namespace InferenceServer.Inference.Native;

/// <summary>
/// The vocabulary inside a model. Any thread, several at once; every call keeps the model alive while it runs and throws
/// <see cref="ObjectDisposedException"/> after the model was disposed.
/// </summary>
internal sealed unsafe class NativeVocabulary
{
    private readonly ModelHandle _model;
    private readonly nint _vocabulary;

    public NativeVocabulary(ModelHandle model)
    {
        _model = model;
        _vocabulary = LlamaApi.llama_model_get_vocab(model);
        Kind = LlamaApi.llama_vocab_type(_vocabulary);
        Count = LlamaApi.llama_vocab_n_tokens(_vocabulary);
        GC.KeepAlive(model);
    }

    /// <summary>The algorithm.</summary>
    public VocabularyKind Kind { get; }

    /// <summary>Number of tokens; ids run from 0.</summary>
    public int Count { get; }

    /// <summary>Beginning of a sequence; -1 if there is none.</summary>
    public int Bos => Ask(&BosOf);

    /// <summary>End of a sequence; -1 if there is none.</summary>
    public int Eos => Ask(&EosOf);

    /// <summary>End of a turn; -1 if there is none.</summary>
    public int Eot => Ask(&EotOf);

    /// <summary>Before the text that goes before a gap; -1 if there is none.</summary>
    public int InfillPrefix => Ask(&InfillPrefixOf);

    /// <summary>Before the text that comes after a gap; -1 if there is none.</summary>
    public int InfillSuffix => Ask(&InfillSuffixOf);

    /// <summary>Where the gap's text begins; -1 if there is none.</summary>
    public int InfillMiddle => Ask(&InfillMiddleOf);

    /// <summary>What stands between two texts; -1 if there is none.</summary>
    public int Separator => Ask(&SeparatorOf);

    /// <summary>True: the model was trained with <see cref="Bos"/> before every text.</summary>
    public bool AddsBos => Ask(&AddsBosOf) != 0;

    /// <summary>True: the model was trained with <see cref="Separator"/> between two texts.</summary>
    public bool AddsSeparator => Ask(&AddsSeparatorOf) != 0;

    /// <summary>Tokens that should never be generated.</summary>
    public int[] ReadSuppressTokens()
    {
        using var hold = new Hold(_model);
        var count = 0;
        var tokens = LlamaApi.llama_vocab_get_suppress_tokens(_vocabulary, &count);
        return tokens != null && count > 0 ? new ReadOnlySpan<int>(tokens, count).ToArray() : [];
    }

    /// <summary>Kind of a token.</summary>
    public TokenAttributes GetAttributes(int token)
    {
        using var hold = new Hold(_model, token, Count);
        return LlamaApi.llama_vocab_get_attr(_vocabulary, token);
    }

    /// <summary>True if the token ends a generation.</summary>
    public bool IsEndOfGeneration(int token)
    {
        using var hold = new Hold(_model, token, Count);
        return LlamaApi.llama_vocab_is_eog(_vocabulary, token) != 0;
    }

    /// <summary>The token as the file spells it, in UTF-8, up to its first zero byte.</summary>
    public byte[] ReadText(int token)
    {
        using var hold = new Hold(_model, token, Count);
        return MemoryMarshal.CreateReadOnlySpanFromNullTerminated(LlamaApi.llama_vocab_get_text(_vocabulary, token)).ToArray();
    }

    /// <summary>Writes the bytes that a token stands for, control tokens' names included; returns how many, or minus how many there are if they do not fit.</summary>
    public int ReadPiece(int token, Span<byte> target)
    {
        using var hold = new Hold(_model, token, Count);
        fixed (byte* bytes = target)
        {
            return LlamaApi.llama_token_to_piece(_vocabulary, token, bytes, target.Length, strippedSpaces: 0, renderSpecial: 1);
        }
    }

    /// <summary>
    /// Splits UTF-8 text into tokens; returns how many, or minus how many there are if they do not fit.
    /// Needs a deep stack for long runs of one kind of character.
    /// </summary>
    /// <param name="text">May be empty.</param>
    /// <param name="target">Gets the ids.</param>
    /// <param name="addSpecial">True: adds what the model wants around a text (beginning, end).</param>
    /// <param name="parseSpecial">True: names of control tokens become those tokens.</param>
    public int Tokenize(ReadOnlySpan<byte> text, Span<int> target, bool addSpecial, bool parseSpecial)
    {
        using var hold = new Hold(_model);
        byte nothing = 0;
        fixed (byte* bytes = text)
        fixed (int* tokens = target)
        {
            return LlamaApi.llama_tokenize(
                _vocabulary, bytes != null ? bytes : &nothing, text.Length, tokens, target.Length, addSpecial ? (byte)1 : (byte)0, parseSpecial ? (byte)1 : (byte)0);
        }
    }

    private static int BosOf(nint vocabulary) => LlamaApi.llama_vocab_bos(vocabulary);

    private static int EosOf(nint vocabulary) => LlamaApi.llama_vocab_eos(vocabulary);

    private static int EotOf(nint vocabulary) => LlamaApi.llama_vocab_eot(vocabulary);

    private static int InfillPrefixOf(nint vocabulary) => LlamaApi.llama_vocab_fim_pre(vocabulary);

    private static int InfillSuffixOf(nint vocabulary) => LlamaApi.llama_vocab_fim_suf(vocabulary);

    private static int InfillMiddleOf(nint vocabulary) => LlamaApi.llama_vocab_fim_mid(vocabulary);

    private static int SeparatorOf(nint vocabulary) => LlamaApi.llama_vocab_sep(vocabulary);

    private static int AddsSeparatorOf(nint vocabulary) => LlamaApi.llama_vocab_get_add_sep(vocabulary);

    private static int AddsBosOf(nint vocabulary) => LlamaApi.llama_vocab_get_add_bos(vocabulary);

    private int Ask(delegate*<nint, int> question)
    {
        using var hold = new Hold(_model);
        return question(_vocabulary);
    }

    /// <summary>Keeps the model from being freed for the length of one call.</summary>
    private readonly ref struct Hold
    {
        private readonly ModelHandle _model;

        public Hold(ModelHandle model)
        {
            var held = false;
            model.DangerousAddRef(ref held);
            _model = model;
        }

        /// <summary>Also refuses ids that the library would throw a C++ exception for.</summary>
        public Hold(ModelHandle model, int token, int count)
            : this(Checked(model, token, count))
        {
        }

        public void Dispose() => _model.DangerousRelease();

        private static ModelHandle Checked(ModelHandle model, int token, int count)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(token);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, count);
            return model;
        }
    }
}
