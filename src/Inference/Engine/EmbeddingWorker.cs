using System.Collections.Concurrent;
using InferenceServer.Inference.Models;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// One life of the thread <c>embedding</c>: it loads the model, computes until it is disposed or the device fails, and frees everything
/// native. Members: any thread.
/// </summary>
internal sealed class EmbeddingWorker : IDisposable
{
    private readonly InferenceOptions _options;
    private readonly ModelMetadata _metadata;
    private readonly DeviceTurns _turns;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly BlockingCollection<EmbeddingJob> _arrivals = [];
    private readonly EmbeddingQueue _queue = new(LoadedEmbedder.StepInputs);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<LoadedEmbedder> _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly Thread _thread;
    private bool _isClosed;

    /// <summary>Starts the thread, which begins to load.</summary>
    public EmbeddingWorker(InferenceOptions options, ModelMetadata metadata, DeviceTurns turns, ILoggerFactory loggers)
    {
        _options = options;
        _metadata = metadata;
        _turns = turns;
        _loggers = loggers;
        _logger = loggers.CreateLogger<EmbeddingEngine>();
        _thread = new Thread(Main) { Name = "embedding", IsBackground = true };
        _thread.Start();
    }

    /// <summary>The model when it is there; fails with <see cref="EngineLoadException"/> or <see cref="OperationCanceledException"/>.</summary>
    public Task<LoadedEmbedder> Loaded => _loaded.Task;

    /// <summary>True: takes no more jobs.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_gate)
            {
                return _isClosed;
            }
        }
    }

    /// <summary>Hands a job over; false if the worker is closed. What was taken ends, whatever happens.</summary>
    public bool TryAdd(EmbeddingJob job)
    {
        // Under the lock of Close: what is taken is there when the thread ends its jobs for the last time.
        lock (_gate)
        {
            if (_isClosed)
            {
                return false;
            }

            _arrivals.Add(job, CancellationToken.None);
            return true;
        }
    }

    /// <summary>Ends the step at hand, then the thread, and waits for it.</summary>
    public void Dispose()
    {
        Close();
        _stopping.Cancel();
        _thread.Join();
        _arrivals.Dispose();
        _stopping.Dispose();
    }

    private void Main()
    {
        try
        {
            using var embedder = LoadedEmbedder.Load(_options, _metadata, _loggers, _stopping.Token);
            _loaded.TrySetResult(embedder);
            Run(embedder);
            Close();
        }
        catch (EngineLoadException exception)
        {
            EngineLog.LoadFailed(_logger, exception.Message);
            Close();
            _loaded.TrySetException(exception);
        }
        catch (OperationCanceledException)
        {
            Close();
            _loaded.TrySetCanceled();
        }
#pragma warning disable CA1031 // the last frame of the thread: anything that gets here would end the process
        catch (Exception exception)
#pragma warning restore CA1031
        {
            EngineLog.EmbeddingStopped(_logger, exception);
            Close();
            _loaded.TrySetException(new EngineLoadException($"The embedding model failed: {exception.Message}", exception));
        }
        finally
        {
            EndAll();
        }
    }

    private void Run(LoadedEmbedder embedder)
    {
        var rows = new List<EmbeddingRow>(LoadedEmbedder.StepInputs);
        while (!_stopping.IsCancellationRequested)
        {
            if (_queue.IsEmpty)
            {
                _queue.Add(_arrivals.Take(_stopping.Token));
            }

            while (_arrivals.TryTake(out var job))
            {
                _queue.Add(job);
            }

            _queue.TakeStep(rows, _turns.EngineHasWork ? LoadedEmbedder.StepTokensBesideStreams : LoadedEmbedder.StepTokens);
            if (rows.Count > 0 && !TryRun(embedder, rows))
            {
                EngineLog.EmbeddingStepFailed(_logger, rows.Count, rows.Sum(row => row.Tokens.Length));
                Close();
                rows.ForEach(row => row.Job.End(EmbedStatus.Failed, null));
                return;
            }
        }
    }

    private bool TryRun(LoadedEmbedder embedder, List<EmbeddingRow> rows)
    {
        _turns.BeginEmbedding();
        try
        {
            return embedder.TryRun(rows);
        }
        finally
        {
            _turns.EndEmbedding();
        }
    }

    private void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
        }
    }

    private void EndAll()
    {
        while (_arrivals.TryTake(out var job))
        {
            _queue.Add(job);
        }

        if (_stopping.IsCancellationRequested)
        {
            _queue.End(EmbedStatus.Unavailable, EmbeddingEngine.Stopping);
        }
        else
        {
            _queue.End(EmbedStatus.Failed, null);
        }
    }
}
