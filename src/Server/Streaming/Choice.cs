using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Streaming;

/// <summary>One answer in the making: folds the engine's events into text, counts and times. One thread at a time.</summary>
/// <param name="index">Its index among the request's choices.</param>
/// <param name="stream">Its events.</param>
/// <param name="end">As given to the engine.</param>
/// <param name="clock">Tells when events were read.</param>
/// <param name="echo">What the text begins with; null for the answer alone.</param>
/// <param name="reportsMarkers">True: also tokens that are no text have log probabilities, as a completion's have.</param>
internal sealed class Choice(int index, GenerationStream stream, RequestedEnd end, TimeProvider clock, PromptEcho? echo = null, bool reportsMarkers = false)
{
    private readonly List<TokenLogProbs> _promptScores = [];
    private double _sumLogProb;
    private bool _isEchoed = echo is null;

    private readonly TextAssembler _text = new(end.Stop, end.MinTokens, end.IncludesStop);
    private readonly LogProbQueue _logProbs = new();

    /// <summary>Index among the request's choices.</summary>
    public int Index { get; } = index;

    /// <summary>Events to come.</summary>
    public GenerationStream Stream { get; } = stream;

    /// <summary>Log probabilities of the tokens whose text the last <see cref="Apply"/> completed; empty unless asked for.</summary>
    public IReadOnlyList<PlacedLogProbs> NewLogProbs => _logProbs.Ready;

    /// <summary>Tokens generated so far.</summary>
    public int NumTokens { get; private set; }

    /// <summary>Mean log probability of the tokens generated; 0 if there are none or it was not asked for.</summary>
    public double MeanLogProb => NumTokens > 0 ? _sumLogProb / NumTokens : 0;

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
        _logProbs.Clear();
        switch (item.Kind)
        {
            case GenerationEventKind.Started:
                NumCachedTokens = item.NumCachedTokens;
                StartedAt = clock.GetTimestamp();
                return echo is { IsScored: false } ? Echo() : "";

            case GenerationEventKind.Prompt:
                _promptScores.AddRange(item.PromptLogProbs);
                return "";

            case GenerationEventKind.Token:
                if (NumTokens++ == 0)
                {
                    FirstTokenAt = clock.GetTimestamp();
                }

                return Echo() + ApplyToken(item);

            default:
                Reason = item.Reason;
                FinishedAt = clock.GetTimestamp();
                var rest = Reason is FinishReason.Stop or FinishReason.Length ? Echo() + _text.Flush() : _text.Flush();
                _logProbs.End(NumShownBytes);
                return rest;
        }
    }

    private long NumShownBytes => _text.NumShownBytes + (echo?.NumBytes ?? 0);

    // Once, and when nothing more comes to say about the prompt: before the first token or the end.
    private string Echo()
    {
        if (_isEchoed)
        {
            return "";
        }

        _isEchoed = true;
        if (echo!.IsScored)
        {
            echo.AddTo(_logProbs, _promptScores);
            _logProbs.Show(echo.NumBytes);
        }

        return echo.Text;
    }

    private string ApplyToken(in GenerationEvent item)
    {
        // A token that ends the generation is no text, unless the client wants to see what ended it.
        var isText = !item.IsControl && (!item.EndsGeneration || end.IncludesStop);
        if (item.LogProbs is { } entry)
        {
            _sumLogProb += entry.Chosen.LogProb;
            if (isText || reportsMarkers)
            {
                _logProbs.Add(entry, isText ? item.Bytes.Span : []);
            }
        }

        var text = _text.Append(item.Bytes.Span, !isText);
        _logProbs.Show(NumShownBytes);
        return text;
    }
}
