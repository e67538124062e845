using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Remote;

/// <summary>
/// A request as the host keeps it: what was asked and what came of it so far, which together are all that another engine needs to go on. Guarded by
/// <see cref="RequestBook"/>'s lock.
/// </summary>
/// <param name="request">As it was submitted.</param>
internal sealed class RemoteRequest(GenerationRequest request)
{
    // Who got so many tokens in peace was not what ended the engine before.
    private const int TokensToForgive = 64;

    private readonly List<int> _output = [];
    private int _numScored;
    private int _numScoredAgain;
    private int _outputAtCrash;
    private int _outputAtSend;
    private bool _isStartTold;

    /// <summary>As it was submitted.</summary>
    public GenerationRequest Request => request;

    /// <summary>The way to its reader.</summary>
    public GenerationStream Stream { get; } = new(request.Id);

    /// <summary>The engine's process has it.</summary>
    public bool IsSent { get; private set; }

    /// <summary>It has a place there.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>It has had a place, if only in an engine that is gone.</summary>
    public bool WasStarted => _isStartTold;

    /// <summary>Nobody wants it any more.</summary>
    public bool IsAborted { get; set; }

    /// <summary>Engines that ended while it ran, without many tokens in between.</summary>
    public int NumCrashes { get; private set; }

    /// <summary>It ran in several engines that ended: it is tried alone.</summary>
    public bool IsSuspect { get; private set; }

    /// <summary>Tokens that it got in this engine.</summary>
    public int NumNewTokens => _output.Count - _outputAtSend;

    /// <summary>Tokens that it has to get alone until others may run beside it: more each time that the engine ended all the same.</summary>
    public int NumTokensToClear => 1 << Math.Min(30, 3 * (NumCrashes - 1));

    /// <summary>For a report: no text.</summary>
    public string Shape => $"{request.Id} ({request.PromptTokens.Length} prompt, {request.OutputTokens.Length + _output.Count} output tokens)";

    /// <summary>The same request, with the tokens that it has; it counts as sent from now on.</summary>
    public GenerationRequest Send()
    {
        IsSent = true;
        _outputAtSend = _output.Count;
        _numScoredAgain = 0;
        return _isStartTold ? request with { OutputTokens = (int[])[.. request.OutputTokens.Span, .. _output], WasAdmitted = true } : request;
    }

    /// <summary>The engine is gone.</summary>
    public void Lose() => (IsSent, IsStarted) = (false, false);

    /// <summary>The engine ended while it ran, and it may have been the reason.</summary>
    public void CountCrash()
    {
        NumCrashes = _output.Count - _outputAtCrash >= TokensToForgive ? 1 : NumCrashes + 1;
        _outputAtCrash = _output.Count;
        IsSuspect |= NumCrashes >= 2;
    }

    /// <summary>It was not the reason, or not yet.</summary>
    public void Clear() => IsSuspect = false;

    /// <summary>Takes an event in, and passes on what its reader has not seen. False: the event does not continue what there is.</summary>
    public bool Apply(in GenerationEvent item)
    {
        switch (item.Kind)
        {
            case GenerationEventKind.Started:
                IsStarted = true;
                if (_isStartTold)
                {
                    return true;
                }

                _isStartTold = true;
                break;
            case GenerationEventKind.Prompt:
                // Another engine begins with the first one again.
                var known = Math.Min(_numScored - _numScoredAgain, item.PromptLogProbs.Length);
                _numScoredAgain += item.PromptLogProbs.Length;
                _numScored = Math.Max(_numScored, _numScoredAgain);
                if (known < item.PromptLogProbs.Length)
                {
                    Stream.Write(item with { PromptLogProbs = item.PromptLogProbs[known..] });
                }

                return true;
            case GenerationEventKind.Token:
                if (item.OutputIndex != request.OutputTokens.Length + _output.Count)
                {
                    return false;
                }

                _output.Add(item.TokenId);
                break;
        }

        Stream.Write(item);
        return true;
    }

    /// <summary>Ends it on this side.</summary>
    public void Finish(FinishReason reason) =>
        Stream.Write(new GenerationEvent { Kind = GenerationEventKind.Finished, At = System.Diagnostics.Stopwatch.GetTimestamp(), Reason = reason });
}
