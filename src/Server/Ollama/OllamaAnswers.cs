using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Server.Streaming;

namespace InferenceServer.Server.Ollama;

/// <summary>Makes Ollama's answers: whole ones, and the last lines of streams.</summary>
internal static class OllamaAnswers
{
    private static readonly JsonElement NoArguments = JsonElement.Parse("{}");

    /// <summary>A chat's answer with its counts. Only for a generation without failure.</summary>
    /// <param name="generation">Over; of one choice.</param>
    /// <param name="answer">What the choice says, or what is left to say of it.</param>
    /// <param name="identity">Names of the answer.</param>
    public static OllamaChatResponse ToChat(Generation generation, Answer answer, AnswerIdentity identity)
    {
        var timings = generation.Timings();
        return new OllamaChatResponse
        {
            Model = identity.Model,
            CreatedAt = TimeOf(identity),
            Message = new OllamaAnswerMessage
            {
                Content = answer.Content,
                Thinking = answer.Reasoning.Length > 0 ? answer.Reasoning : null,
                ToolCalls = answer.Calls.Count > 0 ? [.. answer.Calls.Select(ToCall)] : null,
            },
            Done = true,
            DoneReason = WireWords.Of(generation.Choices[0].Reason!.Value),
            TotalDuration = ToNanoseconds(timings.PromptMs + timings.PredictedMs),
            LoadDuration = 0,
            PromptEvalCount = generation.NumPromptTokens,
            PromptEvalDuration = ToNanoseconds(timings.PromptMs),
            EvalCount = timings.PredictedN,
            EvalDuration = ToNanoseconds(timings.PredictedMs),
        };
    }

    /// <summary>The same for a generation that was not asked as a chat.</summary>
    /// <inheritdoc cref="ToChat"/>
    public static OllamaGenerateResponse ToGenerate(Generation generation, Answer answer, AnswerIdentity identity)
    {
        var chat = ToChat(generation, answer, identity);
        return new OllamaGenerateResponse
        {
            Model = chat.Model,
            CreatedAt = chat.CreatedAt,
            Response = chat.Message.Content,
            Thinking = chat.Message.Thinking,
            Done = true,
            DoneReason = chat.DoneReason,
            TotalDuration = chat.TotalDuration,
            LoadDuration = chat.LoadDuration,
            PromptEvalCount = chat.PromptEvalCount,
            PromptEvalDuration = chat.PromptEvalDuration,
            EvalCount = chat.EvalCount,
            EvalDuration = chat.EvalDuration,
        };
    }

    /// <summary>A call as Ollama has it: its arguments are an object. They are JSON unless the answer was cut off within them.</summary>
    public static OllamaCall ToCall(ChatToolCall call, int index)
    {
        JsonElement arguments;
        try
        {
            arguments = JsonElement.Parse(call.Arguments);
        }
        catch (JsonException)
        {
            arguments = NoArguments;
        }

        return new OllamaCall { Id = call.Id, Function = new OllamaFunction { Index = index, Name = call.Name, Arguments = arguments } };
    }

    /// <summary>When the answer began.</summary>
    public static DateTimeOffset TimeOf(AnswerIdentity identity) => DateTimeOffset.FromUnixTimeSeconds(identity.Created);

    private static long ToNanoseconds(double milliseconds) => (long)(milliseconds * 1e6);
}
