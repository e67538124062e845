using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using System.Threading.Channels;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;

namespace InferenceServer.Testing;

/// <summary>
/// A scripted engine: a prompt has one token per byte of UTF-8, and an answer is what the test says. Answers at once unless
/// <see cref="IsManual"/>. Set it up before the first request; everything else may be called from any thread.
/// </summary>
public sealed class FakeEngine : IInferenceEngine
{
    private readonly ConcurrentDictionary<long, FakeGeneration> _byId = new();
    private readonly ConcurrentQueue<FakeGeneration> _submitted = new();
    private readonly Channel<FakeGeneration> _arrivals = Channel.CreateUnbounded<FakeGeneration>();
    private int _numSubmitted;

    /// <inheritdoc/>
    public EngineState State { get; set; } = EngineState.Ready;

    /// <inheritdoc/>
    public string? Failure { get; set; }

    /// <inheritdoc/>
    public EngineStats Stats { get; set; } = new();

    /// <summary>The map of the KV memory.</summary>
    public ImmutableArray<KvSpan> Map { get; set; } = [];

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<KvSpan>> MapCacheAsync() => ValueTask.FromResult(Map);

    /// <inheritdoc/>
    public StepReportQueue StepReports { get; } = new(maxRows: 8);

    /// <summary>Texts of the tokens that answer every request.</summary>
    public IReadOnlyList<string> Reply { get; set; } = ["The", " capital", " is", " Paris", "."];

    /// <summary>Prompt tokens that every request finds in the cache.</summary>
    public int NumCachedTokens { get; set; }

    /// <summary>True: the test drives each generation itself.</summary>
    public bool IsManual { get; set; }

    /// <summary>Requests taken before the queue is full.</summary>
    public int Capacity { get; set; } = int.MaxValue;

    /// <summary>What encoding throws, as a bug would; null for nothing.</summary>
    public Exception? Failing { get; set; }

    /// <summary>A text that cannot be encoded; null for none.</summary>
    public string? Unencodable { get; set; }

    /// <summary>Everything submitted so far, in order.</summary>
    public IReadOnlyList<FakeGeneration> Generations => [.. _submitted];

    /// <summary>The prompt that was encoded last.</summary>
    public PromptText? LastPrompt { get; private set; }

    /// <summary>What every embedding request comes to; null for vectors made from the inputs.</summary>
    public EmbedResult? EmbedOutcome { get; set; }

    /// <summary>The embedding request that came last.</summary>
    public EmbedRequest? LastEmbedRequest { get; private set; }

    /// <summary>Numbers in an embedding; 1 for a reranker.</summary>
    public int EmbeddingLength { get; set; } = 4;

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<int>> EncodeAsync(PromptText prompt, CancellationToken cancellationToken)
    {
        if (State != EngineState.Ready)
        {
            throw new EngineUnavailableException(State);
        }

        if (Failing is { } failure)
        {
            throw failure;
        }

        if (Unencodable is { } text && prompt.ToString().Trim() == text)
        {
            throw new EngineUnavailableException(EngineState.Failed);
        }

        LastPrompt = prompt;
        return ValueTask.FromResult<ReadOnlyMemory<int>>(Encoding.UTF8.GetBytes(prompt.ToString()).Select(unit => (int)unit).ToArray());
    }

    /// <inheritdoc/>
    public InfillTokens? Infill { get; set; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, bool> ControlTokens { get; set; } = new Dictionary<string, bool>();

    /// <summary>One byte a token, as <see cref="EncodeAsync"/> has it; ids from 256 on are control tokens <c>&lt;|id|&gt;</c>.</summary>
    public ImmutableArray<TokenPiece> GetPieces(ReadOnlyMemory<int> tokens) =>
        [.. tokens.ToArray().Select(token => token < 256 ? new TokenPiece(token, new[] { (byte)token }, false) : new TokenPiece(token, Encoding.UTF8.GetBytes($"<|{token}|>"), true))];

    /// <inheritdoc/>
    public ValueTask<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        if (State != EngineState.Ready)
        {
            throw new EngineUnavailableException(State);
        }

        LastEmbedRequest = request;
        return ValueTask.FromResult(EmbedOutcome ?? new EmbedResult { Status = EmbedStatus.Ok, Embeddings = [.. request.Inputs.Select(Embed)] });
    }

    /// <inheritdoc/>
    public SubmitResult Submit(GenerationRequest request)
    {
        if (State != EngineState.Ready)
        {
            return new SubmitResult(SubmitStatus.Unavailable, null);
        }

        if (Interlocked.Increment(ref _numSubmitted) > Capacity)
        {
            return new SubmitResult(SubmitStatus.QueueFull, null);
        }

        var generation = new FakeGeneration(request);
        if (!_byId.TryAdd(request.Id, generation))
        {
            throw new ArgumentException($"The id {request.Id} is not unique.", nameof(request));
        }

        if (!IsManual)
        {
            generation.Play(Reply, NumCachedTokens);
        }

        _submitted.Enqueue(generation);
        _arrivals.Writer.TryWrite(generation);
        return new SubmitResult(SubmitStatus.Accepted, generation.Stream);
    }

    /// <inheritdoc/>
    public void Abort(long requestId)
    {
        if (_byId.TryGetValue(requestId, out var generation))
        {
            generation.Abort();
        }
    }

    // A token per byte; as a vector of length 1 that leans with the length of the text, as a score how much longer the document is than the query.
    private Embedding Embed(EmbedInput input)
    {
        var first = input.Text is { } text ? Encoding.UTF8.GetByteCount(text.ToString()) : input.Tokens.Length;
        var second = input.Second is { } other ? Encoding.UTF8.GetByteCount(other.ToString()) : 0;
        if (EmbeddingLength == 1)
        {
            return new Embedding(new[] { (float)(second - first) }, first + second);
        }

        var values = new float[EmbeddingLength];
        values[0] = MathF.Cos(first);
        values[1] = MathF.Sin(first);
        return new Embedding(values, first);
    }

    /// <summary>Waits for the next submission that nobody waited for yet.</summary>
    public async Task<FakeGeneration> NextAsync(TimeSpan timeout) =>
        await _arrivals.Reader.ReadAsync().AsTask().WaitAsync(timeout).ConfigureAwait(false);
}
