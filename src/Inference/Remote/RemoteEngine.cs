using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Remote.Frames;
using InferenceServer.Inference.Scheduling;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Remote;

/// <summary>
/// The engine in a process of its own, seen from the host, which loads nothing native and keeps all that a request needs to live on. When the process ends,
/// another is started and goes on. Any thread.
/// </summary>
public sealed class RemoteEngine : IHostedEngine
{
    private readonly RequestBook _requests;
    private readonly CallBook _calls;
    private readonly EngineSupervisor _supervisor;
    private long _workingSince;

    /// <param name="setup">What to run.</param>
    /// <param name="loggers">For lines about the process and of it.</param>
    /// <param name="instruments">Told what became of engines that ended; null if nobody counts.</param>
    public RemoteEngine(RemoteEngineSetup setup, ILoggerFactory loggers, RecoveryInstruments? instruments = null)
    {
        ArgumentNullException.ThrowIfNull(setup);
        StepReports = new StepReportQueue(setup.Inference.Parallel);
        _requests = new RequestBook(setup.Inference.MaxWaiting, Send, SendAbort, static () => Stopwatch.GetElapsedTime(0));
        _calls = new CallBook(frame => _supervisor!.Send(frame));
        _supervisor = new EngineSupervisor(setup, _requests, _calls, StepReports, loggers, instruments);
    }

    /// <inheritdoc/>
    public EngineState State => _supervisor.State;

    /// <inheritdoc/>
    public string? Failure => _supervisor.Failure;

    /// <summary>The engine's process; null while there is none.</summary>
    public int? ProcessId => _supervisor.ProcessId;

    /// <inheritdoc/>
    public EngineStats Stats
    {
        get
        {
            var (stats, lastStepAt) = _supervisor.ReadStats();
            return stats with
            {
                NumQueued = Math.Max(0, _requests.Count - stats.NumRunning - stats.NumWaiting),

                // A step follows the one before at once while there is work.
                StepStartedAt = _requests.NumSent == 0 ? 0 : Math.Max(lastStepAt, Volatile.Read(ref _workingSince)),
            };
        }
    }

    /// <inheritdoc/>
    public StepReportQueue StepReports { get; }

    /// <inheritdoc/>
    public InfillTokens? Infill => _supervisor.Facts?.Infill;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, bool> ControlTokens => _supervisor.Facts?.ControlTokens ?? FrozenDictionary<string, bool>.Empty;

    /// <inheritdoc/>
    public Task StartAsync(Action<float>? progress) => _supervisor.StartAsync(progress);

    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<KvSpan>> MapCacheAsync()
    {
        if (State != EngineState.Ready)
        {
            return [];
        }

        var result = await _calls.CallAsync(static (writer, call) => CallFrames.WriteNumber(writer, FrameKind.Map, call), CancellationToken.None).ConfigureAwait(false);
        return result.Outcome == CallOutcome.Map ? (ImmutableArray<KvSpan>)result.Value : [];
    }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<int>> EncodeAsync(PromptText prompt, CancellationToken cancellationToken)
    {
        GetReady();
        var result = await _calls.CallAsync((writer, call) => CallFrames.WriteEncode(writer, call, prompt), cancellationToken).ConfigureAwait(false);
        return (int[])GetValue(result, CallOutcome.Tokens);
    }

    /// <inheritdoc/>
    public ImmutableArray<TokenPiece> GetPieces(ReadOnlyMemory<int> tokens)
    {
        var table = GetReady().Tokens;
        var pieces = ImmutableArray.CreateBuilder<TokenPiece>(tokens.Length);
        foreach (var token in tokens.Span)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(token, nameof(tokens));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, table.Count, nameof(tokens));
            pieces.Add(table.Get(token));
        }

        return pieces.MoveToImmutable();
    }

    /// <inheritdoc/>
    public async ValueTask<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        GetReady();
        var result = await _calls.CallAsync((writer, call) => CallFrames.WriteEmbed(writer, call, request), cancellationToken).ConfigureAwait(false);
        return result.Outcome == CallOutcome.Failed
            ? new EmbedResult { Status = EmbedStatus.Failed }
            : (EmbedResult)GetValue(result, CallOutcome.Embeddings);
    }

    /// <inheritdoc/>
    public SubmitResult Submit(GenerationRequest request)
    {
        if (State != EngineState.Ready || _supervisor.Facts is not { } facts)
        {
            return new SubmitResult(SubmitStatus.Unavailable, null);
        }

        RequestCheck.Check(request, facts.Tokens.Count, facts.MaxSequenceTokens);
        var result = _requests.Add(request);
        _supervisor.CountRefused();
        return result;
    }

    /// <inheritdoc/>
    public void Abort(long requestId) => _requests.Abort(requestId);

    /// <summary>Ends what runs with <see cref="FinishReason.Aborted"/>, lets the process free its model, and reaps it.</summary>
    public ValueTask DisposeAsync() => _supervisor.DisposeAsync();

    private static object GetValue(CallResult result, CallOutcome expected) => result.Outcome switch
    {
        var outcome when outcome == expected => result.Value,
        CallOutcome.Unavailable => throw new EngineUnavailableException(EngineState.Stopping),
        CallOutcome.BadArgument => throw new ArgumentException((string)result.Value),
        _ => throw new InvalidOperationException(result.Value as string ?? $"The engine answered with {result.Outcome}."),
    };

    private ModelFacts GetReady() =>
        State == EngineState.Ready && _supervisor.Facts is { } facts ? facts : throw new EngineUnavailableException(State);

    // Under the lock of the requests.
    private void Send(GenerationRequest request)
    {
        if (_requests.NumSent == 0)
        {
            Volatile.Write(ref _workingSince, Stopwatch.GetTimestamp());
        }

        var writer = new FrameWriter();
        RequestFrames.WriteSubmit(writer, request);
        _supervisor.Send(writer.Written);
    }

    private void SendAbort(long requestId)
    {
        var writer = new FrameWriter();
        CallFrames.WriteNumber(writer, FrameKind.Abort, requestId);
        _supervisor.Send(writer.Written);
    }
}
