using System.Collections.Immutable;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// A sequence with what the engine needs to make text of it: sampling state, stop texts, the way out. Made by the thread
/// that submits, then owned by the engine thread.
/// </summary>
internal sealed class Generation : Sequence
{
    private readonly StopMatcher _stops;
    private readonly bool _ignoreEos;
    private readonly int _minOutputTokens;
    private readonly ImmutableArray<int> _stopTokens;

    // What must not be picked while there are too few tokens; default if there are never too few.
    private readonly ImmutableArray<int> _bannedAtFirst;
    private int _numFed;

    /// <param name="request">What to generate.</param>
    /// <param name="vocabulary">Bytes of tokens, to find stop texts in tokens that were generated before.</param>
    public Generation(GenerationRequest request, Vocabulary vocabulary)
        : base(request.Id, request.PromptTokens.Span, request.OutputTokens.Span, request.MaxOutputTokens)
    {
        Class = request.Class;
        ReusePrefix = request.ReusePrefix;
        Salt = request.CacheSalt;
        Stream = new GenerationStream(request.Id);
        Sampling = request.Sampling;
        SamplerState = new SamplerState(request.Sampling, request.PromptTokens.Span, request.OutputTokens.Span);
        _stops = new StopMatcher(request.Stop);
        _ignoreEos = request.IgnoreEos;
        _minOutputTokens = request.MinOutputTokens;
        _stopTokens = request.StopTokens;
        _bannedAtFirst = _minOutputTokens > 0 ? [.. vocabulary.EndOfGeneration.Union(vocabulary.Suppressed).Union(request.StopTokens)] : default;
        TopLogProbs = request.TopLogProbs;
        WantsPromptLogits = request.PromptTopLogProbs is not null;
        PromptTopLogProbs = request.PromptTopLogProbs.GetValueOrDefault();
        foreach (var token in request.OutputTokens.Span)
        {
            Feed(token, vocabulary);
        }
    }

    /// <summary>The way out.</summary>
    public GenerationStream Stream { get; }

    /// <summary>How to pick.</summary>
    public SamplingParams Sampling { get; }

    /// <summary>Penalties: a fold over the tokens.</summary>
    public SamplerState SamplerState { get; }

    /// <summary>Alternatives to report with each generated token; null for no log probabilities.</summary>
    public int? TopLogProbs { get; }

    /// <summary>Alternatives to report with each prompt token; means nothing unless <see cref="Sequence.WantsPromptLogits"/>.</summary>
    public int PromptTopLogProbs { get; }

    /// <summary>Of the token sampled last; null unless asked for. Set by the thread that sampled it, read when it is done.</summary>
    public TokenLogProbs? NewestLogProbs { get; set; }

    /// <summary>The stop text that matched; null if none did.</summary>
    public string? MatchedStop => _stops.MatchedStop;

    /// <summary>Tokens that must not be picked.</summary>
    public ReadOnlySpan<int> GetBanned(Vocabulary vocabulary) =>
        NumOutputTokens < _minOutputTokens ? _bannedAtFirst.AsSpan()
        : _ignoreEos ? vocabulary.EndOfGeneration.AsSpan()
        : vocabulary.Suppressed.AsSpan();

    /// <summary>True if a token ends the generation by what it is.</summary>
    public bool IsEnd(int token, Vocabulary vocabulary) => vocabulary.IsEndOfGeneration(token) || _stopTokens.AsSpan().Contains(token);

    /// <summary>Takes a picked token into the folds; returns why it ends the generation, or null.</summary>
    public FinishReason? Accept(int token, Vocabulary vocabulary)
    {
        SamplerState.Accept(token);
        return Feed(token, vocabulary) || IsEnd(token, vocabulary) ? Scheduling.FinishReason.Stop : null;
    }

    // The host's side folds over the same tokens (TextAssembler) and must come to the same end.
    private bool Feed(int token, Vocabulary vocabulary) =>
        _numFed++ >= _minOutputTokens && !vocabulary.IsControl(token) && _stops.Feed(vocabulary.GetBytes(token).Span);
}
