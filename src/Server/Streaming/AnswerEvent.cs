using InferenceServer.Inference.Chat.Output;

namespace InferenceServer.Server.Streaming;

/// <summary>One piece of an answer, the same for every dialect.</summary>
/// <param name="Output">
/// What is new: text, a thought, the begin, arguments or end of a call. Text is empty only if there are log probabilities of tokens that
/// are none.
/// </param>
/// <param name="LogProbs">Of the tokens that it completes, in order; empty unless asked for. Valid until the choice takes its next event.</param>
internal readonly record struct AnswerEvent(ChatOutputEvent Output, IReadOnlyList<PlacedLogProbs> LogProbs)
{
    /// <inheritdoc cref="ChatOutputEvent.Kind"/>
    public ChatOutputKind Kind => Output.Kind;

    /// <inheritdoc cref="ChatOutputEvent.Text"/>
    public string Text => Output.Text;

    /// <summary>Text of the answer itself.</summary>
    public static AnswerEvent OfContent(string text, IReadOnlyList<PlacedLogProbs> logProbs) =>
        new(new ChatOutputEvent { Kind = ChatOutputKind.Content, Text = text }, logProbs);
}
