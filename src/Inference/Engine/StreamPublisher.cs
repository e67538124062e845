using System.Diagnostics;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Engine;

/// <summary>Knows the requests that have not ended, tells their streams what the steps give, and counts what it tells. Engine thread; the counts: any thread.</summary>
/// <param name="vocabulary">What the tokens are.</param>
/// <param name="sampler">Has the log probabilities of a step's prompts.</param>
/// <param name="commands">Told of every request that waits no more.</param>
internal sealed class StreamPublisher(Vocabulary vocabulary, RowSampler sampler, CommandQueue commands)
{
    private readonly Dictionary<long, Generation> _generations = [];
    private long _numPromptTokens;
    private long _numCachedTokens;
    private long _numQueriedTokens;
    private long _numOutputTokens;

    /// <summary>As <see cref="EngineStats.NumPromptTokens"/>.</summary>
    public long NumPromptTokens => Volatile.Read(ref _numPromptTokens);

    /// <summary>As <see cref="EngineStats.NumCachedTokens"/>.</summary>
    public long NumCachedTokens => Volatile.Read(ref _numCachedTokens);

    /// <summary>As <see cref="EngineStats.NumQueriedTokens"/>.</summary>
    public long NumQueriedTokens => Volatile.Read(ref _numQueriedTokens);

    /// <summary>As <see cref="EngineStats.NumOutputTokens"/>.</summary>
    public long NumOutputTokens => Volatile.Read(ref _numOutputTokens);

    /// <summary>A request came. Ids are unique by contract.</summary>
    public void Add(Generation generation) => _generations.Add(generation.RequestId, generation);

    /// <summary>A request by its id; null if it has ended or never was.</summary>
    public Generation? Find(long requestId) => _generations.GetValueOrDefault(requestId);

    /// <summary>What was counted so far was nobody's request.</summary>
    public void ResetCounts() => (_numPromptTokens, _numCachedTokens, _numQueriedTokens, _numOutputTokens) = (0, 0, 0, 0);

    /// <summary>Requests left the queue.</summary>
    public void PublishStarted(IReadOnlyList<Sequence> admitted)
    {
        var now = Stopwatch.GetTimestamp();
        for (var i = 0; i < admitted.Count; i++)
        {
            var generation = (Generation)admitted[i];
            commands.Leave();
            if (!generation.WasAdmitted)
            {
                _numPromptTokens += generation.NumPromptTokens;
                _numCachedTokens += generation.NumCachedTokens;
                _numQueriedTokens += generation.ReusePrefix ? generation.NumPromptTokens : 0;
            }

            generation.Stream.Write(new GenerationEvent { Kind = GenerationEventKind.Started, At = now, NumCachedTokens = generation.NumCachedTokens });
        }
    }

    /// <summary>A step gave tokens. Before the scheduler takes them in.</summary>
    /// <param name="step">The step.</param>
    /// <param name="sampled">One for each of its rows that wants output.</param>
    public void PublishTokens(ScheduledStep step, ReadOnlySpan<SampledToken> sampled)
    {
        var next = 0;
        var now = Stopwatch.GetTimestamp();
        var scored = sampler.Scored;
        for (var i = 0; i < step.Rows.Count; i++)
        {
            var generation = (Generation)step[i].Sequence;
            if (step[i].NumPromptLogits is > 0 and var numScored)
            {
                generation.Stream.Write(new GenerationEvent { Kind = GenerationEventKind.Prompt, PromptLogProbs = [.. scored[..numScored]] });
                scored = scored[numScored..];
            }

            if (!step[i].WantsOutput || sampled[next++] is not { TokenId: >= 0 } token)
            {
                continue;
            }

            PublishToken(generation, token.TokenId, generation.NumOutputTokens, generation.NewestLogProbs, now);
            for (var forced = 0; forced < token.Forced.Length; forced++)
            {
                PublishToken(generation, token.Forced.Span[forced], generation.NumOutputTokens + 1 + forced, null, now);
            }
        }
    }

    /// <summary>Requests ended.</summary>
    public void PublishFinished(IReadOnlyList<Sequence> finished)
    {
        for (var i = 0; i < finished.Count; i++)
        {
            var generation = (Generation)finished[i];
            _generations.Remove(generation.RequestId);
            Finish(generation, generation.FinishReason!.Value);
        }
    }

    /// <summary>Ends all that is left.</summary>
    public void FinishAll(FinishReason reason)
    {
        foreach (var generation in _generations.Values)
        {
            Finish(generation, reason);
        }

        _generations.Clear();
    }

    private void PublishToken(Generation generation, int token, int index, TokenLogProbs? logProbs, long now)
    {
        _numOutputTokens++;
        generation.Stream.Write(new GenerationEvent
        {
            Kind = GenerationEventKind.Token,
            At = now,
            OutputIndex = index,
            TokenId = token,
            Bytes = vocabulary.GetBytes(token),
            IsControl = vocabulary.IsControl(token),
            EndsGeneration = generation.IsEnd(token, vocabulary),
            LogProbs = logProbs,
        });
    }

    private void Finish(Generation generation, FinishReason reason)
    {
        if (generation.NumCachedTokens < 0)
        {
            // It never left the queue.
            commands.Leave();
        }

        generation.Stream.Write(new GenerationEvent
        {
            Kind = GenerationEventKind.Finished,
            At = Stopwatch.GetTimestamp(),
            Reason = reason,
            MatchedStop = generation.MatchedStop,
        });
    }
}
