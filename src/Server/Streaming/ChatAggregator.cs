using System.Text;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Streaming;

/// <summary>Waits for all choices and makes the one answer of a request without <c>stream</c>.</summary>
internal static class ChatAggregator
{
    /// <summary>Reads every choice to its end.</summary>
    /// <returns>The text of each choice, by index. Whether they are whole is for the generation to say.</returns>
    public static async Task<string[]> ReadAsync(Generation generation)
    {
        var texts = new string[generation.Choices.Count];
        foreach (var choice in generation.Choices)
        {
            // One after the other: the engine fills the others' streams meanwhile.
            var text = new StringBuilder();
            while (await choice.Stream.WaitToReadAsync(CancellationToken.None))
            {
                while (choice.Stream.TryRead(out var item))
                {
                    text.Append(choice.Apply(item));
                }
            }

            texts[choice.Index] = text.ToString();
        }

        return texts;
    }

    /// <summary>The answer. Only for a generation without failure.</summary>
    public static ChatCompletionResponse ToResponse(Generation generation, string[] texts, ChatIdentity identity) => new()
    {
        Id = identity.Id,
        Created = identity.Created,
        Model = identity.Model,
        Choices = [.. generation.Choices.Select(choice => new ChatChoice
        {
            Index = choice.Index,
            Message = new ChatAnswer { Content = texts[choice.Index] },
            FinishReason = WireWords.Of(choice.Reason!.Value),
        })],
        Usage = generation.Usage(),
        ServiceTier = identity.ServiceTier,
        SystemFingerprint = identity.Fingerprint,
        Timings = generation.Timings(),
    };
}
