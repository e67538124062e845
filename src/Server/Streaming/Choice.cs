using System.Collections.Immutable;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Server.Streaming;

/// <summary>One answer in the making: folds the engine's events into text, counts and times. One thread at a time.</summary>
/// <param name="index">Its index among the request's choices.</param>
/// <param name="stream">Its events.</param>
/// <param name="stops">As given to the engine.</param>
/// <param name="clock">Tells when events were read.</param>
internal sealed class Choice(int index, GenerationStream stream, ImmutableArray<string> stops, TimeProvider clock)
{
    private readonly TextAssembler _text = new(stops);

    /// <summary>Index among the request's choices.</summary>
    public int Index { get; } = index;

    /// <summary>Events to come.</summary>
    public GenerationStream Stream { get; } = stream;

    /// <summary>Tokens generated so far.</summary>
    public int NumTokens { get; private set; }

    /// <summary>Prompt tokens from the prefix cache; 0 until the generation started.</summary>
    public int NumCachedTokens { get; private set; }

    /// <summary>Why it ended; null while it runs.</summary>
    public FinishReason? Reason { get; private set; }

    /// <summary>Clock ticks when the request left the queue, when the first token came and when all was over; 0 before that.</summary>
    public long StartedAt { get; private set; }

    /// <inheritdoc cref="StartedAt"/>
    public long FirstTokenAt { get; private set; }

    /// <inheritdoc cref="StartedAt"/>
    public long FinishedAt { get; private set; }

    /// <summary>Takes the next event and returns the text that a client may see because of it; often empty.</summary>
    public string Apply(in GenerationEvent item)
    {
        switch (item.Kind)
        {
            case GenerationEventKind.Started:
                NumCachedTokens = item.NumCachedTokens;
                StartedAt = clock.GetTimestamp();
                return "";

            case GenerationEventKind.Token:
                if (NumTokens++ == 0)
                {
                    FirstTokenAt = clock.GetTimestamp();
                }

                return _text.Append(item.Bytes.Span, item.IsControl);

            default:
                Reason = item.Reason;
                FinishedAt = clock.GetTimestamp();
                return _text.Flush();
        }
    }
}
