using InferenceServer.Inference.Sampling;

namespace InferenceServer.Inference.Engine;

/// <summary>What must hold of a request before anything native sees it: the library asserts on much of it, and takes the process with it.</summary>
internal static class RequestCheck
{
    /// <summary>Throws <see cref="ArgumentException"/> over a caller's mistake; clients' mistakes are found long before.</summary>
    /// <param name="request">The request.</param>
    /// <param name="numTokens">Tokens in the vocabulary.</param>
    /// <param name="maxSequenceTokens">Tokens of one sequence at most.</param>
    public static void Check(GenerationRequest request, int numTokens, int maxSequenceTokens)
    {
        ArgumentOutOfRangeException.ThrowIfZero(request.PromptTokens.Length, nameof(request));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(request.PromptTokens.Length + request.OutputTokens.Length, maxSequenceTokens, nameof(request));
        if (request.MaxOutputTokens != 0 || !request.OutputTokens.IsEmpty)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(request.MaxOutputTokens, request.OutputTokens.Length, nameof(request));
        }

        CheckTop(request.TopLogProbs);
        CheckTop(request.PromptTopLogProbs);
        if (request.PromptTokens.Span.ContainsAnyExceptInRange(0, numTokens - 1) || request.OutputTokens.Span.ContainsAnyExceptInRange(0, numTokens - 1))
        {
            throw new ArgumentOutOfRangeException(nameof(request), "A token is outside the vocabulary.");
        }
    }

    private static void CheckTop(int? count)
    {
        if (count is < 0 or > LogProbs.MaxTop)
        {
            throw new ArgumentOutOfRangeException(nameof(count), count, $"0 to {LogProbs.MaxTop} alternatives can be reported.");
        }
    }
}
