using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Streaming;

/// <summary>Makes the one answer of a completion request without <c>stream</c>.</summary>
internal static class CompletionAggregator
{
    /// <summary>The answer. Only for a generation without failure.</summary>
    /// <param name="generation">Over.</param>
    /// <param name="answers">What the choices say.</param>
    /// <param name="identity">Names of the answer.</param>
    /// <param name="numChoices">Answers to each prompt; of more candidates the most likely ones are taken.</param>
    /// <param name="hasLogProbs">They were asked for.</param>
    public static CompletionResponse ToResponse(Generation generation, Answer[] answers, AnswerIdentity identity, int numChoices, bool hasLogProbs) => new()
    {
        Id = identity.Id,
        Created = identity.Created,
        Model = identity.Model,
        Choices = [.. generation.Choices.Chunk(generation.ChoicesPerPrompt).SelectMany(candidates => TakeBest(candidates, numChoices)).Select((choice, index) => new CompletionChoice
        {
            Text = answers[choice.Index].Content,
            Index = index,
            LogProbs = hasLogProbs ? WireLogProbs.ToCompletion(answers[choice.Index].LogProbs) : null,
            FinishReason = WireWords.Of(choice.Reason!.Value),
        })],
        Usage = generation.Usage(),
        SystemFingerprint = identity.Fingerprint,
        Timings = generation.Timings(),
    };

    // By the mean over their tokens, so that short answers have no advantage; of equals the earlier one.
    private static IEnumerable<Choice> TakeBest(Choice[] candidates, int count) =>
        candidates.Length == count ? candidates : candidates.OrderByDescending(candidate => candidate.MeanLogProb).Take(count);
}
