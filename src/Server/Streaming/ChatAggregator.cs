using InferenceServer.Inference.Chat;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Streaming;

/// <summary>Makes the one answer of a chat request without <c>stream</c>.</summary>
internal static class ChatAggregator
{
    /// <summary>The answer. Only for a generation without failure.</summary>
    /// <param name="generation">Over.</param>
    /// <param name="answers">What the choices say.</param>
    /// <param name="identity">Names of the answer.</param>
    /// <param name="request">What was asked for.</param>
    public static ChatCompletionResponse ToResponse(Generation generation, Answer[] answers, AnswerIdentity identity, ValidChatRequest request) => new()
    {
        Id = identity.Id,
        Created = identity.Created,
        Model = identity.Model,
        Choices = [.. generation.Choices.Select(choice => new ChatChoice
        {
            Index = choice.Index,
            Message = ToMessage(answers[choice.Index], request.Tools),
            LogProbs = request.TopLogProbs is not null ? WireLogProbs.ToChat(answers[choice.Index].LogProbs) : null,
            FinishReason = WireWords.OfChat(choice, request.Tools),
        })],
        Usage = generation.Usage(),
        ServiceTier = identity.ServiceTier,
        SystemFingerprint = identity.Fingerprint,
        Timings = generation.Timings(),
    };

    // Keys of what is not there are left out: clients take an empty list for calls.
    private static ChatAnswer ToMessage(Answer answer, ToolUse tools) => new()
    {
        Content = answer.Content.Length == 0 && answer.Calls.Count > 0 ? null : answer.Content,
        ReasoningContent = answer.Reasoning.Length == 0 ? null : answer.Reasoning,
        ToolCalls = answer.Calls.Count == 0 || tools.UsesFunctions ? null : [.. answer.Calls.Select(call => ToCall(call, tools))],
        FunctionCall = answer.Calls.Count > 0 && tools.UsesFunctions ? new ChatAnswerFunction(answer.Calls[0].Name, answer.Calls[0].Arguments) : null,
    };

    private static ChatAnswerCall ToCall(ChatToolCall call, ToolUse tools) => tools.IsCustom(call.Name)
        ? new ChatAnswerCall { Id = call.Id, Type = "custom", Custom = new ChatAnswerCustom(call.Name, call.Arguments) }
        : new ChatAnswerCall { Id = call.Id, Type = "function", Function = new ChatAnswerFunction(call.Name, call.Arguments) };
}
