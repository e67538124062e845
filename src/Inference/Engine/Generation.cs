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

    /// <summary>The stop text that matched; null if none did.</summary>
    public string? MatchedStop => _stops.MatchedStop;

    /// <summary>Tokens that must not be picked.</summary>
    public ReadOnlySpan<int> GetBanned(Vocabulary vocabulary) => _ignoreEos ? vocabulary.EndOfGeneration.AsSpan() : vocabulary.Suppressed.AsSpan();

    /// <summary>Takes a picked token into the folds; returns why it ends the generation, or null.</summary>
    public FinishReason? Accept(int token, Vocabulary vocabulary)
    {
        SamplerState.Accept(token);
        return Feed(token, vocabulary) || vocabulary.IsEndOfGeneration(token) ? Scheduling.FinishReason.Stop : null;
    }

    private bool Feed(int token, Vocabulary vocabulary) => !vocabulary.IsControl(token) && _stops.Feed(vocabulary.GetBytes(token).Span);
}
