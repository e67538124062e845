using System.Collections.Frozen;
using System.Collections.Immutable;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Grammar.Tokens;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Scheduling;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// The engine in this process. One plain named thread loads the model, owns everything native and runs the loop; it is
/// joined by <see cref="DisposeAsync"/>. Public members: any thread.
/// </summary>
public sealed class InferenceEngine : IHostedEngine
{
    // At a stop: copies of some gigabytes.
    private static readonly TimeSpan SavePatience = TimeSpan.FromSeconds(2);

    private readonly InferenceOptions _options;
    private readonly CacheOptions _cache;
    private readonly string _modelPath;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly CommandQueue _commands;
    private readonly DeviceTurns _turns = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly EmbeddingEngine? _embeddings;
    private readonly GrammarCache _grammars;
    private readonly EngineOutlet? _outlet;
    private readonly Thread _thread;
    private Action<float>? _progress;
    private volatile LoadedEngine? _engine;
    private volatile EngineState _state = EngineState.Loading;
    private volatile string? _failure;
    private int _isDisposed;

    /// <param name="options">Validated options.</param>
    /// <param name="modelPath">The GGUF file, checked by <see cref="ModelFile"/>; its first shard.</param>
    /// <param name="loggers">For the engine's lines and llama.cpp's.</param>
    /// <param name="embeddingModel">The embedding model, read by <see cref="ModelFile"/> for that purpose; null if there is none.</param>
    /// <param name="grammars">Shared with whoever checks grammars, so that each is compiled once; null for a cache of its own.</param>
    /// <param name="cache">Where prefixes go that leave the cells; null for the defaults.</param>
    public InferenceEngine(
        InferenceOptions options, string modelPath, ILoggerFactory loggers, ModelMetadata? embeddingModel = null, GrammarCache? grammars = null, CacheOptions? cache = null)
        : this(options, modelPath, loggers, embeddingModel, grammars, cache, outlet: null)
    {
    }

    /// <param name="options">Validated options.</param>
    /// <param name="modelPath">The GGUF file, checked.</param>
    /// <param name="loggers">For the engine's lines and llama.cpp's.</param>
    /// <param name="embeddingModel">The embedding model; null if there is none.</param>
    /// <param name="grammars">Null for a cache of its own.</param>
    /// <param name="cache">Null for the defaults.</param>
    /// <param name="outlet">Where events go instead of into the streams; null: into the streams.</param>
    internal InferenceEngine(
        InferenceOptions options, string modelPath, ILoggerFactory loggers, ModelMetadata? embeddingModel, GrammarCache? grammars, CacheOptions? cache, EngineOutlet? outlet)
    {
        _outlet = outlet;
        _grammars = grammars ?? new GrammarCache();
        _options = options;
        _cache = cache ?? new CacheOptions();
        _modelPath = modelPath;
        _loggers = loggers;
        _logger = loggers.CreateLogger<InferenceEngine>();
        _commands = new CommandQueue(options.MaxWaiting);
        StepReports = new StepReportQueue(options.Parallel);
        _embeddings = embeddingModel is null ? null : new EmbeddingEngine(options, embeddingModel, _turns, loggers);
        _thread = new Thread(Main) { Name = "inference-engine", IsBackground = true };
    }

    /// <inheritdoc/>
    public EngineState State => _state;

    /// <inheritdoc/>
    public string? Failure => _failure;

    /// <inheritdoc/>
    public EngineStats Stats => _engine?.Loop.GetStats() ?? new EngineStats();

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<KvSpan>> MapCacheAsync() =>
        _state == EngineState.Ready ? new ValueTask<ImmutableArray<KvSpan>>(_commands.AskMap()) : ValueTask.FromResult(ImmutableArray<KvSpan>.Empty);

    /// <inheritdoc/>
    public StepReportQueue StepReports { get; }

    /// <summary>What is loaded; null unless <see cref="EngineState.Ready"/>.</summary>
    internal LoadedEngine? Loaded => _engine;

    /// <summary>The way in.</summary>
    internal CommandQueue Commands => _commands;

    /// <inheritdoc/>
    public Task StartAsync(Action<float>? progress)
    {
        _progress = progress;
        _thread.Start();
        return _loaded.Task;
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<int>> EncodeAsync(PromptText prompt, CancellationToken cancellationToken) =>
        GetReady().Tokenizer.EncodeAsync(prompt, cancellationToken);

    /// <inheritdoc cref="Tokenizer.TryEncodeShort"/>
    internal bool TryEncodeShort(PromptText prompt, out ReadOnlyMemory<int> tokens) => GetReady().Tokenizer.TryEncodeShort(prompt, out tokens);

    /// <inheritdoc/>
    public InfillTokens? Infill => _engine?.Vocabulary.Infill;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, bool> ControlTokens => _engine?.ControlTokens ?? FrozenDictionary<string, bool>.Empty;

    /// <inheritdoc/>
    public ImmutableArray<TokenPiece> GetPieces(ReadOnlyMemory<int> tokens)
    {
        var vocabulary = GetReady().Vocabulary;
        var pieces = ImmutableArray.CreateBuilder<TokenPiece>(tokens.Length);
        foreach (var token in tokens.Span)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(token, nameof(tokens));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, vocabulary.Count, nameof(tokens));
            pieces.Add(new TokenPiece(token, vocabulary.GetBytes(token), vocabulary.IsControl(token)));
        }

        return pieces.MoveToImmutable();
    }

    /// <inheritdoc/>
    public ValueTask<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        GetReady();
        return _embeddings?.EmbedAsync(request, cancellationToken)
            ?? ValueTask.FromResult(new EmbedResult { Status = EmbedStatus.Unavailable, Failure = "There is no embedding model." });
    }

    /// <inheritdoc/>
    public SubmitResult Submit(GenerationRequest request)
    {
        if (_state != EngineState.Ready || _engine is not { } engine)
        {
            return new SubmitResult(SubmitStatus.Unavailable, null);
        }

        RequestCheck.Check(request, engine.Vocabulary.Count, engine.MaxSequenceTokens);

        // A sequence counts to prompt + output: keep the sum an int whatever the client asked for.
        var maxOutputTokens = Math.Min(request.MaxOutputTokens, engine.MaxSequenceTokens);
        var generation = new Generation(request with { MaxOutputTokens = maxOutputTokens }, engine.Vocabulary, Constrain(engine, request.Grammar), _outlet?.Write);
        var status = _commands.TrySubmit(generation);
        return new SubmitResult(status, status == SubmitStatus.Accepted ? generation.Stream : null);
    }

    /// <inheritdoc/>
    public void Abort(long requestId) => _commands.Abort(requestId);

    /// <summary>Ends what runs with <see cref="FinishReason.Aborted"/>, joins the engine thread and frees everything native.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        _commands.Close();
        if (_embeddings is not null)
        {
            await Task.Run(_embeddings.Dispose).ConfigureAwait(false);
        }

        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted))
        {
            _state = EngineState.Stopping;
        }
        else
        {
            await Task.Run(_thread.Join).ConfigureAwait(false);
        }

        _commands.Dispose();
        _stopping.Dispose();
    }

    // On the caller's thread: compiling takes time that the engine's thread does not have.
    private GrammarConstraint? Constrain(LoadedEngine engine, GrammarSource? source)
    {
        if (source is null)
        {
            return null;
        }

        var result = _grammars.GetOrCompile(source);
        var automaton = result.Automaton ?? throw new ArgumentException($"A grammar that is none was submitted: {result.Error}", nameof(source));
        return engine.Grammars.Constrain(automaton);
    }

    private LoadedEngine GetReady() =>
        _state == EngineState.Ready && _engine is { } engine ? engine : throw new EngineUnavailableException(_state);

    private void Main()
    {
        try
        {
            using var engine = LoadedEngine.Load(_options, _cache, _modelPath, _commands, StepReports, _turns, _loggers, _progress, _outlet, _stopping.Token);
            _engine = engine;
            _state = EngineState.Ready;
            _loaded.TrySetResult();
            Run(engine.Loop);
        }
        catch (OperationCanceledException)
        {
            _state = EngineState.Stopping;
        }
        catch (EngineLoadException exception)
        {
            Fail(exception.Message);
            EngineLog.LoadFailed(_logger, exception.Message);
        }
#pragma warning disable CA1031 // the last frame of the thread: anything that gets here would end the process
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail($"The engine stopped on an error of its own: {exception.Message}");
            EngineLog.Stopped(_logger, exception);
        }
        finally
        {
            _engine = null;
            _outlet?.Ended();
            _loaded.TrySetResult();
        }
    }

    private void Run(EngineLoop loop)
    {
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                loop.Step();
            }

            _state = EngineState.Stopping;
            _commands.Close();
            loop.Finish(FinishReason.Aborted);
            loop.SaveAll(SavePatience);
        }
        catch
        {
            // Refuse first, so that no request slips in behind those that end here.
            _state = EngineState.Failed;
            _commands.Close();
            loop.Finish(FinishReason.Error);
            throw;
        }
    }

    private void Fail(string failure)
    {
        _failure = failure;
        _state = EngineState.Failed;
    }
}
