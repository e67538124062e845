using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Server.Streaming;

namespace InferenceServer.Server.Anthropic;

/// <summary>Makes the one answer of a Messages request without <c>stream</c>.</summary>
internal static class MessageAggregator
{
    private static readonly JsonElement NoInput = JsonElement.Parse("{}");

    /// <summary>The answer. Only for a generation without failure.</summary>
    /// <param name="generation">Over; of one choice.</param>
    /// <param name="answer">What the choice says.</param>
    /// <param name="identity">Names of the answer.</param>
    /// <param name="maxTokens">What the client allowed.</param>
    public static MessagesResponse ToResponse(Generation generation, Answer answer, AnswerIdentity identity, int? maxTokens) => new()
    {
        Id = identity.Id,
        Model = identity.Model,
        Content = [.. BlocksOf(answer)],
        StopReason = MessagesWords.StopReasonOf(generation.Choices[0], maxTokens),
        StopSequence = generation.Choices[0].MatchedStop,
        Usage = MessagesWords.UsageOf(generation),
    };

    private static IEnumerable<MessageBlock> BlocksOf(Answer answer)
    {
        if (answer.Reasoning.Length > 0)
        {
            yield return new MessageBlock { Type = "thinking", Thinking = answer.Reasoning, Signature = "" };
        }

        if (answer.Content.Length > 0)
        {
            yield return new MessageBlock { Type = "text", Text = answer.Content };
        }

        foreach (var call in answer.Calls)
        {
            yield return new MessageBlock { Type = "tool_use", Id = MessagesWords.IdOf(call.Id), Name = call.Name, Input = InputOf(call) };
        }
    }

    // JSON unless the answer was cut off within it.
    private static JsonElement InputOf(ChatToolCall call)
    {
        try
        {
            return JsonElement.Parse(call.Arguments);
        }
        catch (JsonException)
        {
            return NoInput;
        }
    }
}
