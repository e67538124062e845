using InferenceServer.Inference.Models;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// The embedding model behind the engine's face. The first request loads it; a load or a device that failed is tried again by the
/// next request after it. Any thread.
/// </summary>
internal sealed class EmbeddingEngine : IDisposable
{
    /// <summary>Why a request that came at the end was not answered.</summary>
    public const string Stopping = "The server is shutting down.";

    private readonly InferenceOptions _options;
    private readonly ModelMetadata _metadata;
    private readonly DeviceTurns _turns;
    private readonly ILoggerFactory _loggers;
    private readonly Lock _gate = new();
    private EmbeddingWorker? _worker;
    private bool _isDisposed;
    private int _numWaiting;

    /// <param name="options">Validated options.</param>
    /// <param name="metadata">The model, read for <see cref="ModelPurpose.Embedding"/>.</param>
    /// <param name="turns">When it may compute.</param>
    /// <param name="loggers">For the engine's lines and llama.cpp's.</param>
    public EmbeddingEngine(InferenceOptions options, ModelMetadata metadata, DeviceTurns turns, ILoggerFactory loggers)
    {
        _options = options;
        _metadata = metadata;
        _turns = turns;
        _loggers = loggers;
    }

    /// <summary>As <see cref="IInferenceEngine.EmbedAsync"/>, in every state of the chat model.</summary>
    public async ValueTask<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(request.Inputs.Length, nameof(request));
        if (Interlocked.Increment(ref _numWaiting) > _options.MaxWaiting)
        {
            Interlocked.Decrement(ref _numWaiting);
            return new EmbedResult { Status = EmbedStatus.QueueFull };
        }

        try
        {
            return GetWorker() is { } worker ? await RunAsync(worker, request, cancellationToken).ConfigureAwait(false) : Unavailable(Stopping);
        }
        catch (EngineLoadException exception)
        {
            return Unavailable(exception.Message);
        }
        catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return Unavailable(Stopping);
        }
        finally
        {
            Interlocked.Decrement(ref _numWaiting);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        EmbeddingWorker? worker;
        lock (_gate)
        {
            _isDisposed = true;
            worker = _worker;
            _worker = null;
        }

        worker?.Dispose();
    }

    private async ValueTask<EmbedResult> RunAsync(EmbeddingWorker worker, EmbedRequest request, CancellationToken cancellationToken)
    {
        var embedder = await worker.Loaded.WaitAsync(cancellationToken).ConfigureAwait(false);
        var inputs = new int[request.Inputs.Length][];
        for (var index = 0; index < inputs.Length; index++)
        {
            var tokens = await embedder.Encoder.EncodeAsync(request.Inputs[index], cancellationToken).ConfigureAwait(false);
            if (tokens.Length == 0 || tokens.Length > embedder.MaxInputTokens)
            {
                var status = tokens.Length == 0 ? EmbedStatus.InputEmpty : EmbedStatus.InputTooLong;
                return new EmbedResult { Status = status, InputIndex = index, NumTokens = tokens.Length };
            }

            // The library asserts on ids outside the vocabulary, and takes the process with it.
            if (tokens.AsSpan().ContainsAnyExceptInRange(0, embedder.VocabularySize - 1))
            {
                throw new ArgumentOutOfRangeException(nameof(request), "A token is outside the vocabulary.");
            }

            inputs[index] = tokens;
        }

        var job = new EmbeddingJob(inputs, cancellationToken);
        if (worker.TryAdd(job))
        {
            return await job.Result.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        // Closed meanwhile: by Dispose, or by a step that failed.
        lock (_gate)
        {
            return _isDisposed ? Unavailable(Stopping) : new EmbedResult { Status = EmbedStatus.Failed };
        }
    }

    private static EmbedResult Unavailable(string reason) => new() { Status = EmbedStatus.Unavailable, Failure = reason };

    private EmbeddingWorker? GetWorker()
    {
        EmbeddingWorker? ended = null;
        try
        {
            lock (_gate)
            {
                if (_isDisposed)
                {
                    return null;
                }

                if (_worker is { IsClosed: true })
                {
                    ended = _worker;
                    _worker = null;
                }

                return _worker ??= new EmbeddingWorker(_options, _metadata, _turns, _loggers);
            }
        }
        finally
        {
            // Its thread has nothing left to do but to free what it holds.
            ended?.Dispose();
        }
    }
}
