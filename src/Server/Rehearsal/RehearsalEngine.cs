using System.Collections.Immutable;
using System.Diagnostics;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Server.Rehearsal;

/// <summary>An engine that knows one answer by heart, whatever the prompt, and takes its time as a real one does, so that its readers wait. Any thread.</summary>
internal sealed class RehearsalEngine : IInferenceEngine
{
    private static readonly ReadOnlyMemory<byte>[] Answer = [" One"u8.ToArray(), " two"u8.ToArray(), " three."u8.ToArray()];

    private static readonly ReadOnlyMemory<int> Prompt = new int[1];
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    /// <inheritdoc/>
    public EngineState State => EngineState.Ready;

    /// <inheritdoc/>
    public string? Failure => null;

    /// <inheritdoc/>
    public EngineStats Stats { get; } = new();

    /// <inheritdoc/>
    public StepReportQueue StepReports { get; } = new(maxRows: 1);

    /// <inheritdoc/>
    public InfillTokens? Infill => null;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, bool> ControlTokens { get; } = new Dictionary<string, bool>();

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<KvSpan>> MapCacheAsync() => ValueTask.FromResult(ImmutableArray<KvSpan>.Empty);

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<int>> EncodeAsync(PromptText prompt, CancellationToken cancellationToken)
    {
        await Task.Delay(Pause, cancellationToken);
        return Prompt;
    }

    /// <inheritdoc/>
    public ImmutableArray<TokenPiece> GetPieces(ReadOnlyMemory<int> tokens) => [.. tokens.ToArray().Select(token => new TokenPiece(token, default, false))];

    /// <inheritdoc/>
    public ValueTask<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new EmbedResult { Status = EmbedStatus.Unavailable, Failure = "Not rehearsed." });

    /// <inheritdoc/>
    public SubmitResult Submit(GenerationRequest request)
    {
        var stream = new GenerationStream(request.Id);
        _ = Task.Run(() => AnswerAsync(stream));
        return new SubmitResult(SubmitStatus.Accepted, stream);
    }

    /// <inheritdoc/>
    public void Abort(long requestId)
    {
        // All have ended.
    }

    private static async Task AnswerAsync(GenerationStream stream)
    {
        stream.Write(new GenerationEvent { Kind = GenerationEventKind.Started, At = Stopwatch.GetTimestamp() });
        for (var i = 0; i < Answer.Length; i++)
        {
            await Task.Delay(Pause);
            stream.Write(new GenerationEvent { Kind = GenerationEventKind.Token, At = Stopwatch.GetTimestamp(), OutputIndex = i, Bytes = Answer[i] });
        }

        stream.Write(new GenerationEvent { Kind = GenerationEventKind.Finished, At = Stopwatch.GetTimestamp(), Reason = FinishReason.Stop });
    }
}
