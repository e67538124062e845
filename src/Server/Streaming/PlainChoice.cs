using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Sampling;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Streaming;

/// <summary>An answer that is its tokens' text and nothing else. Also tokens that are no text have log probabilities.</summary>
/// <param name="index">Its index among the request's choices.</param>
/// <param name="stream">Its events.</param>
/// <param name="end">As given to the engine.</param>
/// <param name="clock">Tells when events were read.</param>
/// <param name="echo">What the text begins with; null for the answer alone.</param>
internal sealed class PlainChoice(int index, GenerationStream stream, RequestedEnd end, TimeProvider clock, PromptEcho? echo) : Choice(index, stream, end, clock)
{
    private readonly LogProbQueue _logProbs = new();
    private readonly List<TokenLogProbs> _promptScores = [];
    private bool _isEchoed = echo is null;

    private long NumShownBytes => Text.NumShownBytes + (echo?.NumBytes ?? 0);

    /// <inheritdoc/>
    protected override void TakeStart()
    {
        if (echo is { IsScored: false })
        {
            Show(Echo());
        }
    }

    /// <inheritdoc/>
    protected override void TakePrompt(in GenerationEvent item) => _promptScores.AddRange(item.PromptLogProbs);

    /// <inheritdoc/>
    protected override void TakeToken(in GenerationEvent item)
    {
        var echoed = Echo();
        var isText = IsText(item);
        if (item.LogProbs is { } entry)
        {
            _logProbs.Add(entry, isText ? item.Bytes.Span : []);
        }

        var text = echoed + Text.Append(item.Bytes.Span, !isText);
        _logProbs.Show(NumShownBytes);
        Show(text);
    }

    /// <inheritdoc/>
    protected override void TakeEnd(bool isWhole)
    {
        var rest = (isWhole ? Echo() : "") + Text.Flush();
        _logProbs.End(NumShownBytes);
        Show(rest);
    }

    private void Show(string text)
    {
        if (text.Length > 0 || _logProbs.Ready.Count > 0)
        {
            Add(AnswerEvent.OfContent(text, _logProbs.Ready.Count > 0 ? [.. _logProbs.Ready] : []));
            _logProbs.Clear();
        }
    }

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
}
