namespace InferenceServer.Server.Streaming;

/// <summary>Waits for all choices of a request without <c>stream</c>.</summary>
internal static class AnswerReader
{
    /// <summary>Reads every choice to its end.</summary>
    /// <returns>Each choice's answer, by index. Whether they are whole is for the generation to say.</returns>
    public static async Task<Answer[]> ReadAsync(Generation generation)
    {
        var answers = new Answer[generation.Choices.Count];
        foreach (var choice in generation.Choices)
        {
            // One after the other: the engine fills the others' streams meanwhile.
            var answer = new AnswerBuilder();
            while (await choice.Stream.WaitToReadAsync(CancellationToken.None))
            {
                while (choice.Stream.TryRead(out var item))
                {
                    choice.Apply(item);
                    foreach (var piece in choice.NewEvents)
                    {
                        answer.Add(piece);
                    }

                    generation.EndIfEnough(choice);
                }
            }

            answers[choice.Index] = answer.Build();
        }

        return answers;
    }
}
