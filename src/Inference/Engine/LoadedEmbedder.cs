using System.Diagnostics;
using System.Numerics.Tensors;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Engine;

/// <summary>An embedding model in memory with its context and tokenizer. Made, run and disposed by the embedding thread; the encoder is for any.</summary>
internal sealed class LoadedEmbedder : IDisposable
{
    /// <summary>
    /// Tokens of a step, unless one input alone has more. Enough to be bound by arithmetic, few enough that the next request gets its turn soon.
    /// </summary>
    public const int StepTokens = 512;

    /// <summary>The same while somebody's stream waits for the step's end: it pauses for so much less.</summary>
    public const int StepTokensBesideStreams = 128;

    /// <summary>Inputs of a step; the library has 256 sequence ids.</summary>
    public const int StepInputs = 64;

    private readonly LoadedModel _model;
    private readonly ContextHandle _context;
    private readonly NativeBatch _batch;
    private readonly Tokenizer _tokenizer;
    private readonly bool _isReranker;

    private LoadedEmbedder(LoadedModel model, ContextHandle context, InferenceOptions options, EmbeddingMetadata embedding)
    {
        _model = model;
        _context = context;
        _isReranker = embedding.IsReranker;
        MaxInputTokens = Math.Min(embedding.MaxInputTokens, Math.Min(context.NumUbatch, model.NumContextTrain));
        _batch = new NativeBatch(context.NumUbatch);
        _tokenizer = model.CreateTokenizer(options.EscapeControlTokens);
        Encoder = new EmbeddingEncoder(model, _tokenizer, MaxInputTokens);
    }

    /// <summary>Inputs to tokens; any thread.</summary>
    public EmbeddingEncoder Encoder { get; }

    /// <summary>Tokens of one input at most.</summary>
    public int MaxInputTokens { get; }

    /// <summary>Tokens that the model knows; ids run from 0.</summary>
    public int VocabularySize => _model.Vocabulary.Count;

    /// <summary>Loads a model. Throws <see cref="EngineLoadException"/> with a line for people, or <see cref="OperationCanceledException"/>.</summary>
    public static LoadedEmbedder Load(InferenceOptions options, ModelMetadata metadata, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var embedding = metadata.Embedding ?? throw new ArgumentException("The file was not read as an embedding model.", nameof(metadata));
        var model = LoadedEngine.LoadModel(options, metadata.Path, loggers, progress: null, cancellationToken);
        ContextHandle? context = null;
        try
        {
            var maxTokens = Math.Max(StepTokens, embedding.MaxInputTokens);
            var threads = options.Threads ?? ProcessorCores.Count();
            var settings = new ContextSettings
            {
                NumCells = maxTokens,
                MaxBatchTokens = maxTokens,
                MaxSequences = StepInputs,
                MaxOutputs = maxTokens,
                Pooling = (LlamaPoolingType)embedding.Pooling,
                Threads = threads,
            };
            context = model.CreateContext(settings, out var failure)
                ?? throw new EngineLoadException($"No context for the embedding model {metadata.Path} could be made: {failure}.");
            EngineLog.EmbeddingsLoaded(
                loggers.CreateLogger<EmbeddingEngine>(),
                Path.GetFileName(metadata.Path),
                Stopwatch.GetElapsedTime(start).TotalSeconds,
                embedding.MaxInputTokens,
                model.PooledLength,
                threads);
            return new LoadedEmbedder(model, context, options, embedding);
        }
        catch
        {
            context?.Dispose();
            model.Dispose();
            throw;
        }
    }

    /// <summary>Computes the inputs of one step and completes them; false, and nothing completed, if the device failed.</summary>
    public bool TryRun(List<EmbeddingRow> rows)
    {
        _batch.Clear();
        _context.Clear();
        for (var row = 0; row < rows.Count; row++)
        {
            var tokens = rows[row].Tokens;
            for (var position = 0; position < tokens.Length; position++)
            {
                _batch.Add(tokens[position], position, row, wantsLogits: true);
            }
        }

        var status = _model.HasDecoder ? _context.Decode(_batch) : _context.Encode(_batch);
        if (status != DecodeStatus.Ok)
        {
            return false;
        }

        var outputs = new float[rows.Count][];
        for (var row = 0; row < rows.Count; row++)
        {
            outputs[row] = _context.GetPooled(row, _isReranker ? _model.NumScores : _model.PooledLength);
            if (!TryNormalize(outputs[row]))
            {
                return false;
            }
        }

        for (var row = 0; row < rows.Count; row++)
        {
            rows[row].Job.Complete(rows[row].Index, outputs[row]);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tokenizer.Dispose();
        _batch.Dispose();
        _context.Dispose();
        _model.Dispose();
    }

    /// <summary>Brings an embedding to length 1, and leaves scores as they are; false if it holds what is no number.</summary>
    private bool TryNormalize(float[] values)
    {
        var norm = TensorPrimitives.Norm(values);
        if (!float.IsFinite(norm))
        {
            return false;
        }

        if (!_isReranker && norm > 0)
        {
            TensorPrimitives.Divide(values, norm, values);
        }

        return true;
    }
}
