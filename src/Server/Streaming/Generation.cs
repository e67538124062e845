using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Measuring;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Streaming;

/// <summary>The answers to one request, under way in the engine, and what can be said of them together.</summary>
/// <param name="engine">Where they run.</param>
/// <param name="clock">The choices' clock.</param>
/// <param name="numPromptTokens">Tokens of all prompts.</param>
/// <param name="choices">At least one, by index.</param>
/// <param name="choicesPerPrompt">So many choices in a row share a prompt.</param>
/// <param name="energy">Counts the joules; null if nobody does.</param>
internal sealed class Generation(
    IInferenceEngine engine, TimeProvider clock, int numPromptTokens, Choice[] choices, int choicesPerPrompt, EnergyAccount? energy = null)
{
    private volatile bool _isTimedOut;

    /// <summary>The answers, by index.</summary>
    public IReadOnlyList<Choice> Choices => choices;

    /// <summary>Choices in a row that share a prompt.</summary>
    public int ChoicesPerPrompt => choicesPerPrompt;

    /// <summary>Tokens of all prompts.</summary>
    public int NumPromptTokens => numPromptTokens;

    /// <summary>Of them, tokens from the prefix cache: what was cached for the first choice of a prompt, before the others could profit from it.</summary>
    public int NumCachedTokens => choices.Where(choice => choice.Index % choicesPerPrompt == 0).Sum(choice => choice.NumCachedTokens);

    /// <summary>Tokens generated so far, over all choices.</summary>
    public int NumOutputTokens => choices.Sum(choice => choice.NumTokens);

    /// <summary>Ends what still runs, within a step of the engine; the streams still finish by themselves. Any thread.</summary>
    public void Abort()
    {
        foreach (var choice in choices)
        {
            // May be a moment old when another thread reads it; the engine ignores finished ids.
            if (choice.Reason is null)
            {
                engine.Abort(choice.Stream.RequestId);
            }
        }
    }

    /// <summary>Ends a choice that has said enough, within a step of the engine.</summary>
    public void EndIfEnough(Choice choice)
    {
        if (choice is { IsEnough: true, Reason: null })
        {
            engine.Abort(choice.Stream.RequestId);
        }
    }

    /// <summary>Nobody asks for the joules any more.</summary>
    public void CloseEnergy() => energy?.Close();

    /// <summary>Ends what still runs, since it took too long. Any thread.</summary>
    public void TimeOut()
    {
        _isTimedOut = true;
        Abort();
    }

    /// <summary>What went wrong, once all choices have finished; null if every answer is whole.</summary>
    public RequestError? Failure()
    {
        if (choices.Any(choice => choice.Reason == FinishReason.Error))
        {
            return RequestError.GenerationFailed();
        }

        // Else the server only aborts for clients that left, who read no answer, and when it stops.
        return !choices.Any(choice => choice.Reason == FinishReason.Aborted) ? null
            : _isTimedOut ? RequestError.TimedOut("The answer took longer than this server allows.")
            : RequestError.Stopping();
    }

    /// <summary>Token counts. A prompt counts once, whatever the number of its choices.</summary>
    public Usage Usage()
    {
        var numOutputTokens = NumOutputTokens;
        return new Usage
        {
            PromptTokens = numPromptTokens,
            CompletionTokens = numOutputTokens,
            TotalTokens = numPromptTokens + numOutputTokens,
            PromptTokensDetails = new PromptTokensDetails { CachedTokens = NumCachedTokens },
            CompletionTokensDetails = new CompletionTokensDetails { ReasoningTokens = choices.Sum(choice => choice.NumReasoningTokens) },
        };
    }

    /// <summary>Times, from the first choice's start to the last one's end.</summary>
    public Timings Timings()
    {
        var started = choices.Min(choice => choice.StartedAt);
        var firstToken = choices.Where(choice => choice.NumTokens > 0).Select(choice => choice.FirstTokenAt).DefaultIfEmpty(started).Min();
        var finished = choices.Max(choice => choice.FinishedAt);
        var promptMs = clock.GetElapsedTime(started, firstToken).TotalMilliseconds;
        var predictedMs = clock.GetElapsedTime(firstToken, finished).TotalMilliseconds;
        var promptN = numPromptTokens - NumCachedTokens;
        var predictedN = NumOutputTokens;
        return new Timings
        {
            CacheN = NumCachedTokens,
            PromptN = promptN,
            PromptMs = promptMs,
            PromptPerTokenMs = Ratio(promptMs, promptN),
            PromptPerSecond = Ratio(promptN * 1000.0, promptMs),
            PredictedN = predictedN,
            PredictedMs = predictedMs,
            PredictedPerTokenMs = Ratio(predictedMs, predictedN),
            PredictedPerSecond = Ratio(predictedN * 1000.0, predictedMs),
            Energy = energy?.Close(),
        };
    }

    private static double Ratio(double a, double b) => b > 0 ? a / b : 0;
}
