using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Streaming;

/// <summary>Makes the one answer of a chat request without <c>stream</c>.</summary>
internal static class ChatAggregator
{
    /// <summary>The answer. Only for a generation without failure.</summary>
    /// <param name="generation">Over.</param>
    /// <param name="answers">What the choices say.</param>
    /// <param name="identity">Names of the answer.</param>
    /// <param name="hasLogProbs">They were asked for.</param>
    public static ChatCompletionResponse ToResponse(Generation generation, Answer[] answers, AnswerIdentity identity, bool hasLogProbs) => new()
    {
        Id = identity.Id,
        Created = identity.Created,
        Model = identity.Model,
        Choices = [.. generation.Choices.Select(choice => new ChatChoice
        {
            Index = choice.Index,
            Message = ToMessage(answers[choice.Index]),
            LogProbs = hasLogProbs ? WireLogProbs.ToChat(answers[choice.Index].LogProbs) : null,
            FinishReason = WireWords.OfChat(choice),
        })],
        Usage = generation.Usage(),
        ServiceTier = identity.ServiceTier,
        SystemFingerprint = identity.Fingerprint,
        Timings = generation.Timings(),
    };

    // Keys of what is not there are left out: clients take an empty list for calls.
    private static ChatAnswer ToMessage(Answer answer) => new()
    {
        Content = answer.Content.Length == 0 && answer.Calls.Count > 0 ? null : answer.Content,
        ReasoningContent = answer.Reasoning.Length == 0 ? null : answer.Reasoning,
        ToolCalls = answer.Calls.Count == 0
            ? null
            : [.. answer.Calls.Select(call => new ChatAnswerCall { Id = call.Id, Function = new ChatAnswerFunction(call.Name, call.Arguments) })],
    };
}
