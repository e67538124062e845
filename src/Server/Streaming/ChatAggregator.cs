using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Streaming;

/// <summary>Makes the one answer of a chat request without <c>stream</c>.</summary>
internal static class ChatAggregator
{
    /// <summary>The answer. Only for a generation without failure.</summary>
    /// <param name="generation">Over.</param>
    /// <param name="texts">What the choices say.</param>
    /// <param name="identity">Names of the answer.</param>
    /// <param name="hasLogProbs">They were asked for.</param>
    public static ChatCompletionResponse ToResponse(Generation generation, ChoiceText[] texts, AnswerIdentity identity, bool hasLogProbs) => new()
    {
        Id = identity.Id,
        Created = identity.Created,
        Model = identity.Model,
        Choices = [.. generation.Choices.Select(choice => new ChatChoice
        {
            Index = choice.Index,
            Message = new ChatAnswer { Content = texts[choice.Index].Text },
            LogProbs = hasLogProbs ? WireLogProbs.ToChat(texts[choice.Index].LogProbs) : null,
            FinishReason = WireWords.Of(choice.Reason!.Value),
        })],
        Usage = generation.Usage(),
        ServiceTier = identity.ServiceTier,
        SystemFingerprint = identity.Fingerprint,
        Timings = generation.Timings(),
    };
}
