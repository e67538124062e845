using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Streaming;

/// <summary>One answer in the making: folds the engine's events into events of the answer, counts and times. One thread at a time.</summary>
/// <param name="index">Its index among the request's choices.</param>
/// <param name="stream">Its events.</param>
/// <param name="end">As given to the engine.</param>
/// <param name="clock">Tells when events were read that do not say when they happened.</param>
internal abstract class Choice(int index, GenerationStream stream, RequestedEnd end, TimeProvider clock)
{
    private readonly List<AnswerEvent> _newEvents = [];
    private double _sumLogProb;

    /// <summary>Index among the request's choices.</summary>
    public int Index { get; } = index;

    /// <summary>Events to come.</summary>
    public GenerationStream Stream { get; } = stream;

    /// <summary>What the last <see cref="Apply"/> added to the answer; often nothing.</summary>
    public IReadOnlyList<AnswerEvent> NewEvents => _newEvents;

    /// <summary>Tokens generated so far.</summary>
    public int NumTokens { get; private set; }

    /// <summary>Of them, tokens of a thought.</summary>
    public int NumReasoningTokens { get; protected set; }

    /// <summary>Calls that are whole so far.</summary>
    public int NumCalls { get; protected set; }

    /// <summary>True: whatever the model still writes is not wanted. Its end by an abort is then an ordinary one.</summary>
    public bool IsEnough { get; protected set; }

    /// <summary>Mean log probability of the tokens generated; 0 if there are none or it was not asked for.</summary>
    public double MeanLogProb => NumTokens > 0 ? _sumLogProb / NumTokens : 0;

    /// <summary>Prompt tokens from the prefix cache; 0 until the generation started.</summary>
    public int NumCachedTokens { get; private set; }

    /// <summary>Why it ended; null while it runs.</summary>
    public FinishReason? Reason { get; private set; }

    /// <summary>The stop text that ended it; null if none did.</summary>
    public string? MatchedStop => Text.MatchedStop;

    /// <summary>Clock ticks when the request left the queue, when the first token came and when all was over; 0 before that.</summary>
    public long StartedAt { get; private set; }

    /// <inheritdoc cref="StartedAt"/>
    public long FirstTokenAt { get; private set; }

    /// <inheritdoc cref="StartedAt"/>
    public long FinishedAt { get; private set; }

    /// <summary>The text of the tokens, without what stop texts hold back.</summary>
    protected TextAssembler Text { get; } = new(end.Stop, end.MinTokens, end.IncludesStop);

    /// <summary>Takes the next event of the engine; what comes of it is in <see cref="NewEvents"/>.</summary>
    public void Apply(in GenerationEvent item)
    {
        _newEvents.Clear();
        switch (item.Kind)
        {
            case GenerationEventKind.Started:
                NumCachedTokens = item.NumCachedTokens;
                StartedAt = TimeOf(item);
                TakeStart();
                break;

            case GenerationEventKind.Prompt:
                TakePrompt(item);
                break;

            case GenerationEventKind.Token:
                if (NumTokens++ == 0)
                {
                    FirstTokenAt = TimeOf(item);
                }

                _sumLogProb += item.LogProbs?.Chosen.LogProb ?? 0;
                TakeToken(item);
                break;

            default:
                Reason = IsEnough && item.Reason == FinishReason.Aborted ? FinishReason.Stop : item.Reason;
                FinishedAt = TimeOf(item);
                TakeEnd(Reason is FinishReason.Stop or FinishReason.Length);
                break;
        }
    }

    // An engine notes when things happen; read they are when the reader comes to it.
    private long TimeOf(in GenerationEvent item) => item.At != 0 ? item.At : clock.GetTimestamp();

    /// <summary>A token that ends the generation is no text, unless the client wants to see what ended it.</summary>
    protected bool IsText(in GenerationEvent token) => !token.IsControl && (!token.EndsGeneration || end.IncludesStop);

    /// <summary>Adds to <see cref="NewEvents"/>.</summary>
    protected void Add(in AnswerEvent item) => _newEvents.Add(item);

    /// <summary>The generation has left the queue.</summary>
    protected virtual void TakeStart()
    {
    }

    /// <summary>A part of the prompt was scored.</summary>
    protected virtual void TakePrompt(in GenerationEvent item)
    {
    }

    /// <summary>The next token.</summary>
    protected abstract void TakeToken(in GenerationEvent item);

    /// <summary>The end.</summary>
    /// <param name="isWhole">False: by an error or an abort.</param>
    protected abstract void TakeEnd(bool isWhole);
}
