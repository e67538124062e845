using System.Collections.Immutable;
using InferenceServer.Inference.Grammar.Tokens;
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
    // Longer forced texts come in several chunks.
    private const int MaxForced = 32;

    private readonly StopMatcher _stops;
    private readonly bool _ignoreEos;
    private readonly int _minOutputTokens;
    private readonly ImmutableArray<int> _stopTokens;

    // What must not be picked while there are too few tokens; default if there are never too few.
    private readonly ImmutableArray<int> _bannedAtFirst;
    private readonly GrammarConstraint? _constraint;
    private readonly ThoughtBudget? _thoughtBudget;
    private readonly ThoughtState? _thought;
    private readonly int[] _forced;
    private int _numFed;

    /// <param name="request">What to generate.</param>
    /// <param name="vocabulary">Bytes of tokens, to find stop texts in tokens that were generated before.</param>
    /// <param name="constraint">At the beginning of the request's grammar; null if it has none.</param>
    /// <param name="sink">Takes the events; null for the stream.</param>
    public Generation(GenerationRequest request, Vocabulary vocabulary, GrammarConstraint? constraint = null, EventSink? sink = null)
        : base(request.Id, request.PromptTokens.Span, request.OutputTokens.Span, request.MaxOutputTokens)
    {
        Class = request.Class;
        ReusePrefix = request.ReusePrefix;
        MayGoToDisk = !request.OnlyInMemory;
        Salt = request.CacheSalt;
        WasAdmitted = request.WasAdmitted;
        Stream = new GenerationStream(request.Id, sink);
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
        _constraint = constraint;
        _thoughtBudget = request.Thought;
        _thought = request.Thought is null ? null : new ThoughtState(request.Thought);
        _forced = constraint is null && request.Thought is null ? [] : new int[MaxForced];
        foreach (var token in request.OutputTokens.Span)
        {
            Fold(token, vocabulary);
        }
    }

    /// <summary>One whose output nobody reads, to warm the device up: a prompt of one token again and again, from no cached prefix, leaving none behind.</summary>
    public static Generation ForNobody(Vocabulary vocabulary, int numPromptTokens, int maxOutputTokens)
    {
        var prompt = new int[numPromptTokens];
        Array.Fill(prompt, vocabulary.Bos ?? 0);
        var request = new GenerationRequest
        {
            Id = long.MinValue,
            PromptTokens = prompt,
            MaxOutputTokens = maxOutputTokens,
            IgnoreEos = true,
            ReusePrefix = false,
            Sampling = new SamplingParams { Temperature = 0, Seed = 0 },
        };
        return new Generation(request, vocabulary);
    }

    /// <summary>The way out.</summary>
    public GenerationStream Stream { get; }

    /// <summary>True: another engine has counted its prompt.</summary>
    public bool WasAdmitted { get; }

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

    /// <summary>Picks the next token from a row of logits, takes it into the folds, and finds what has to follow it.</summary>
    /// <param name="logits">The row.</param>
    /// <param name="vocabulary">What the tokens are.</param>
    /// <param name="scratch">Buffers of the calling thread.</param>
    public SampledToken Sample(ReadOnlySpan<float> logits, Vocabulary vocabulary, SamplerScratch scratch)
    {
        var banned = GetBanned(vocabulary);
        var token = Sampler.Pick(logits, Sampling, SamplerState, NumOutputTokens, banned, scratch);
        if (token != Sampler.NoToken && _constraint?.Accepts(token) == false)
        {
            // Most picks fit: only one that does not costs a mask.
            token = Sampler.Pick(logits, Sampling, SamplerState, NumOutputTokens, banned, scratch, _constraint.GetMask().Bits, draw: 1);
        }

        if (token == Sampler.NoToken)
        {
            // The device gave no number, the request forbids every token, or all that could follow is the end, which it forbids.
            return new SampledToken(token, _constraint is { CanEnd: true } ? Scheduling.FinishReason.Stop : Scheduling.FinishReason.Error);
        }

        NewestLogProbs = TopLogProbs is { } numTop ? LogProbs.Compute(logits, token, numTop, vocabulary, scratch) : null;
        SamplerState.Accept(token);
        var reason = Fold(token, vocabulary);
        var numForced = reason is null ? Force(vocabulary, out reason) : 0;
        return new SampledToken(token, reason) { Forced = _forced.AsMemory(0, numForced) };
    }

    private int Force(Vocabulary vocabulary, out FinishReason? reason)
    {
        reason = null;
        var room = Math.Min(_forced.Length, MaxTokens - NumTokens - 1);
        var count = 0;
        if (room <= 0)
        {
            return 0;
        }

        if (_thought is { MustEnd: true })
        {
            count = Math.Min(room, _thoughtBudget!.EndTokens.Length);
            _thoughtBudget.EndTokens.AsSpan(0, count).CopyTo(_forced);
            _thought.End();
        }
        else if (_constraint is not null && TopLogProbs is null)
        {
            // Where log probabilities are wanted, every token is sampled: no others have any.
            count = _constraint.FindForced(_forced.AsSpan(0, room));
        }

        for (var i = 0; i < count; i++)
        {
            if (_constraint?.Accepts(_forced[i]) == false)
            {
                return i;
            }

            SamplerState.Accept(_forced[i]);
            reason = Fold(_forced[i], vocabulary);
            if (reason is not null)
            {
                return i + 1;
            }
        }

        return count;
    }

    // Takes a token into the folds but the sampler's; returns why it ends the generation, or null.
    private FinishReason? Fold(int token, Vocabulary vocabulary)
    {
        var stops = Feed(token, vocabulary) || IsEnd(token, vocabulary);
        _thought?.Accept(vocabulary.GetBytes(token).Span);
        _constraint?.Advance(token);
        return stops || _constraint is { MustEnd: true } ? Scheduling.FinishReason.Stop : null;
    }

    // The host's side folds over the same tokens (TextAssembler) and must come to the same end.
    private bool Feed(int token, Vocabulary vocabulary) =>
        _numFed++ >= _minOutputTokens && !vocabulary.IsControl(token) && _stops.Feed(vocabulary.GetBytes(token).Span);
}
