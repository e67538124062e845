namespace InferenceServer.Inference.Sampling;

/// <summary>
/// What the penalties of one sequence need to know: a fold over its prompt and output tokens, so it can be rebuilt from
/// them at any time. Keeps nothing for penalties that are off. One thread at a time.
/// </summary>
internal sealed class SamplerState
{
    // Null: the penalty is off.
    private readonly Dictionary<int, int>? _windowCounts;
    private readonly Dictionary<int, int>? _outputCounts;

    // Tokens in the window, oldest first; null: nothing ever leaves the window.
    private readonly Queue<int>? _window;
    private readonly int _windowLength;

    /// <summary>Folds over the tokens that are already there.</summary>
    /// <param name="parameters">Which penalties are on; the same object goes to <see cref="Sampler.Pick"/>.</param>
    /// <param name="prompt">Prompt tokens: seen by the repeat penalty only.</param>
    /// <param name="output">Tokens already generated (a resumed request): seen by all penalties.</param>
    public SamplerState(SamplingParams parameters, ReadOnlySpan<int> prompt, ReadOnlySpan<int> output)
    {
        if (parameters.RepeatPenalty != 1f && parameters.RepeatLastN != 0)
        {
            _windowCounts = [];
            if (parameters.RepeatLastN > 0)
            {
                _windowLength = parameters.RepeatLastN;
                _window = [];
            }
        }

        if (parameters.PresencePenalty != 0f || parameters.FrequencyPenalty != 0f)
        {
            _outputCounts = [];
        }

        if (_windowCounts is not null)
        {
            var seen = _window is null ? prompt : prompt[Math.Max(0, prompt.Length - _windowLength)..];
            foreach (var token in seen)
            {
                EnterWindow(token);
            }
        }

        foreach (var token in output)
        {
            Accept(token);
        }
    }

    /// <summary>True while some penalty may change a logit.</summary>
    public bool HasPenalties => _windowCounts is { Count: > 0 } || _outputCounts is { Count: > 0 };

    /// <summary>Takes a token that was generated into the fold.</summary>
    public void Accept(int token)
    {
        if (_windowCounts is not null)
        {
            EnterWindow(token);
        }

        if (_outputCounts is not null)
        {
            _outputCounts[token] = _outputCounts.GetValueOrDefault(token) + 1;
        }
    }

    /// <summary>Changes the logits of the tokens seen so far, and touches no others. Ids outside the row are skipped.</summary>
    public void ApplyPenalties(Span<float> logits, SamplingParams parameters)
    {
        if (_windowCounts is not null)
        {
            foreach (var token in _windowCounts.Keys)
            {
                if ((uint)token < (uint)logits.Length)
                {
                    ref var logit = ref logits[token];
                    logit = logit > 0f ? logit / parameters.RepeatPenalty : logit * parameters.RepeatPenalty;
                }
            }
        }

        if (_outputCounts is not null)
        {
            foreach (var (token, count) in _outputCounts)
            {
                if ((uint)token < (uint)logits.Length)
                {
                    logits[token] -= parameters.PresencePenalty + (count * parameters.FrequencyPenalty);
                }
            }
        }
    }

    private void EnterWindow(int token)
    {
        _windowCounts![token] = _windowCounts.GetValueOrDefault(token) + 1;
        if (_window is null)
        {
            return;
        }

        _window.Enqueue(token);
        if (_window.Count > _windowLength)
        {
            var oldest = _window.Dequeue();
            var left = _windowCounts[oldest] - 1;
            if (left == 0)
            {
                _windowCounts.Remove(oldest);
            }
            else
            {
                _windowCounts[oldest] = left;
            }
        }
    }
}
