using InferenceServer.Inference.Native;

namespace InferenceServer.Inference.Models;

/// <summary>
/// A model in memory. Its numbers and its vocabulary may be read from any thread; disposing it frees the weights once
/// all its contexts are disposed too.
/// </summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly ModelHandle _handle;

    private LoadedModel(ModelHandle handle, string path)
    {
        _handle = handle;
        Path = path;
        NumContextTrain = LlamaApi.llama_model_n_ctx_train(handle);
        EmbeddingLength = LlamaApi.llama_model_n_embd(handle);
        PooledLength = LlamaApi.llama_model_n_embd_out(handle);
        NumScores = (int)LlamaApi.llama_model_n_cls_out(handle);
        NumLayers = LlamaApi.llama_model_n_layer(handle);
        SlidingWindow = LlamaApi.llama_model_n_swa(handle);
        SizeInBytes = (long)LlamaApi.llama_model_size(handle);
        NumParameters = (long)LlamaApi.llama_model_n_params(handle);
        HasEncoder = LlamaApi.llama_model_has_encoder(handle) != 0;
        HasDecoder = LlamaApi.llama_model_has_decoder(handle) != 0;
        IsRecurrent = LlamaApi.llama_model_is_recurrent(handle) != 0;
        IsHybrid = LlamaApi.llama_model_is_hybrid(handle) != 0;
        IsDiffusion = LlamaApi.llama_model_is_diffusion(handle) != 0;
        Description = handle.ReadDescription();
        NativeVocabulary = new NativeVocabulary(handle);
        Vocabulary = Vocabulary.Read(NativeVocabulary);
    }

    /// <summary>The file, or the first of its shards.</summary>
    public string Path { get; }

    /// <summary>The library's name for it: architecture, size class, quantization.</summary>
    public string Description { get; }

    /// <summary>Tokens the model was trained for.</summary>
    public int NumContextTrain { get; }

    /// <summary>Width of the hidden state.</summary>
    public int EmbeddingLength { get; }

    /// <summary>Numbers in an embedding of a text.</summary>
    public int PooledLength { get; }

    /// <summary>Numbers that a reranker gives for a pair of texts, the score first.</summary>
    public int NumScores { get; }

    /// <summary>Number of layers.</summary>
    public int NumLayers { get; }

    /// <summary>Tokens that sliding-window layers look back; 0 if there are none.</summary>
    public int SlidingWindow { get; }

    /// <summary>Bytes of all tensors.</summary>
    public long SizeInBytes { get; }

    /// <summary>Numbers in all tensors.</summary>
    public long NumParameters { get; }

    /// <summary>True for encoders and encoder-decoders.</summary>
    public bool HasEncoder { get; }

    /// <summary>True if it can compute a next token.</summary>
    public bool HasDecoder { get; }

    /// <summary>State instead of cells: a part of a sequence cannot be forgotten or shared.</summary>
    public bool IsRecurrent { get; }

    /// <summary>Some layers are recurrent; see <see cref="IsRecurrent"/>.</summary>
    public bool IsHybrid { get; }

    /// <summary>Denoises text instead of continuing it.</summary>
    public bool IsDiffusion { get; }

    /// <summary>Its tokens.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>Its tokens where they lie, for splitting text.</summary>
    public NativeVocabulary NativeVocabulary { get; }

    /// <summary>
    /// Loads a file that our own reader has checked. The libraries must be loaded. Blocks for as long as it takes; a
    /// cancelled load ends at its next report of progress.
    /// </summary>
    public static ModelLoadResult Load(ModelLoadSettings settings, CancellationToken cancellationToken)
    {
        var mark = NativeLog.Mark();
        if (ModelHandle.Load(settings, cancellationToken) is { } handle)
        {
            return new ModelLoadResult(ModelLoadStatus.Loaded, new LoadedModel(handle, settings.Path), null);
        }

        return cancellationToken.IsCancellationRequested
            ? new ModelLoadResult(ModelLoadStatus.Cancelled, null, null)
            : new ModelLoadResult(ModelLoadStatus.Failed, null, Explain(mark));
    }

    /// <summary>A context of this model, or null with what the library said (normally: not enough memory).</summary>
    public ContextHandle? CreateContext(ContextSettings settings, out string? failure)
    {
        var mark = NativeLog.Mark();
        var context = ContextHandle.Create(_handle, settings);
        failure = context is null ? Explain(mark) : null;
        return context;
    }

    /// <summary>A context of this model that can pause within a decode call, or null with what the library said.</summary>
    public PausableContext? CreatePausableContext(ContextSettings settings, out string? failure)
    {
        var mark = NativeLog.Mark();
        var context = PausableContext.Create(_handle, settings);
        failure = context is null ? Explain(mark) : null;
        return context;
    }

    /// <summary>A tokenizer of this model, to be disposed before it.</summary>
    /// <param name="escapeControlTokens">False: a request's text may hold control tokens too.</param>
    public Tokenizer CreateTokenizer(bool escapeControlTokens) => new(new PromptEncoder(NativeVocabulary, Vocabulary, escapeControlTokens));

    public void Dispose() => _handle.Dispose();

    private static string Explain(long mark)
    {
        var lines = NativeLog.ComplaintsSince(mark);
        return lines.Count > 0 ? string.Join("; ", lines) : "llama.cpp gave no reason";
    }
}
