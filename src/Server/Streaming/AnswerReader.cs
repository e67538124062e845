using System.Text;

namespace InferenceServer.Server.Streaming;

/// <summary>Waits for all choices of a request without <c>stream</c>.</summary>
internal static class AnswerReader
{
    /// <summary>Reads every choice to its end.</summary>
    /// <returns>The text of each choice, by index. Whether they are whole is for the generation to say.</returns>
    public static async Task<ChoiceText[]> ReadAsync(Generation generation)
    {
        var texts = new ChoiceText[generation.Choices.Count];
        foreach (var choice in generation.Choices)
        {
            // One after the other: the engine fills the others' streams meanwhile.
            var text = new StringBuilder();
            var logProbs = new List<PlacedLogProbs>();
            while (await choice.Stream.WaitToReadAsync(CancellationToken.None))
            {
                while (choice.Stream.TryRead(out var item))
                {
                    text.Append(choice.Apply(item));
                    logProbs.AddRange(choice.NewLogProbs);
                }
            }

            texts[choice.Index] = new ChoiceText(text.ToString(), logProbs);
        }

        return texts;
    }
}
