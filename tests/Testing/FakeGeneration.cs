using System.Text;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Testing;

/// <summary>One request to a <see cref="FakeEngine"/>, and the pen that writes its answer. Any thread.</summary>
public sealed class FakeGeneration(GenerationRequest request)
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _numTokens;
    private bool _isFinished;

    /// <summary>As submitted.</summary>
    public GenerationRequest Request { get; } = request;

    /// <summary>What the server reads.</summary>
    public GenerationStream Stream { get; } = new(request.Id);

    /// <summary>Ends when the server aborts this generation before its end.</summary>
    public Task Aborted => _aborted.Task;

    /// <summary>The request leaves the queue.</summary>
    public void Start(int numCachedTokens = 0) =>
        Write(new GenerationEvent { Kind = GenerationEventKind.Started, NumCachedTokens = numCachedTokens });

    /// <summary>A token of text.</summary>
    public void Token(string text) => Token(Encoding.UTF8.GetBytes(text));

    /// <summary>A token of text that ends the generation by what it is.</summary>
    public void StopToken(string text) => Token(Encoding.UTF8.GetBytes(text), endsGeneration: true);

    /// <summary>A token of bytes.</summary>
    public void Token(byte[] bytes, bool isControl = false, bool endsGeneration = false) => Write(new GenerationEvent
    {
        Kind = GenerationEventKind.Token,
        OutputIndex = _numTokens++,
        TokenId = bytes.Length == 0 ? 0 : bytes[0],
        Bytes = bytes,
        IsControl = isControl,
        EndsGeneration = endsGeneration,
        LogProbs = Request.TopLogProbs is { } numTop ? LogProbsOf(bytes.Length == 0 ? 0 : bytes[0], bytes, isControl, numTop) : null,
    });

    /// <summary>The rest of the prompt is scored.</summary>
    public void Prompt()
    {
        if (Request.PromptTopLogProbs is { } numTop && Request.PromptTokens.Length > 1)
        {
            var entries = Request.PromptTokens.ToArray().Skip(1).Select(token => LogProbsOf(token, token < 256 ? [(byte)token] : Encoding.UTF8.GetBytes($"<|{token}|>"), token >= 256, numTop));
            Write(new GenerationEvent { Kind = GenerationEventKind.Prompt, PromptLogProbs = [.. entries] });
        }
    }

    /// <summary>The end.</summary>
    public void Finish(FinishReason reason, string? matchedStop = null) =>
        Write(new GenerationEvent { Kind = GenerationEventKind.Finished, Reason = reason, MatchedStop = matchedStop });

    /// <summary>A whole answer: the tokens and an end-of-turn token, or as much of it as the request's limit and stop texts allow.</summary>
    public void Play(IReadOnlyList<string> reply, int numCachedTokens)
    {
        Start(numCachedTokens);
        Prompt();
        var text = new TextAssembler(Request.Stop);
        foreach (var piece in reply)
        {
            if (_numTokens == Request.MaxOutputTokens)
            {
                Finish(FinishReason.Length);
                return;
            }

            Token(piece);
            text.Append(Encoding.UTF8.GetBytes(piece), isControl: false);
            if (text.Stopped)
            {
                Finish(FinishReason.Stop, text.MatchedStop);
                return;
            }
        }

        if (_numTokens < Request.MaxOutputTokens)
        {
            Token("<|im_end|>"u8.ToArray(), isControl: true);
            Finish(FinishReason.Stop);
        }
        else
        {
            Finish(FinishReason.Length);
        }
    }

    // The longer a token, the less likely; the alternatives are letters, each half as likely as the one before.
    private static TokenLogProbs LogProbsOf(int token, byte[] bytes, bool isControl, int numTop)
    {
        var chosen = new TokenLogProb(token, -0.25f * bytes.Length, bytes, isControl);
        var others = Enumerable.Range(0, Math.Max(0, numTop - 1)).Select(i => new TokenLogProb('a' + i, -2f - i, new[] { (byte)('a' + i) }, false));
        return new TokenLogProbs(chosen, numTop == 0 ? [] : [chosen, .. others]);
    }

    internal void Abort()
    {
        lock (_lock)
        {
            if (_isFinished)
            {
                return;
            }
        }

        _aborted.TrySetResult();
        Finish(FinishReason.Aborted);
    }

    private void Write(GenerationEvent item)
    {
        lock (_lock)
        {
            if (!_isFinished)
            {
                _isFinished = item.Kind == GenerationEventKind.Finished;
                Stream.Write(item);
            }
        }
    }
}
