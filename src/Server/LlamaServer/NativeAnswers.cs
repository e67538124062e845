using System.Text;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Streaming;

namespace InferenceServer.Server.LlamaServer;

/// <summary>Makes native answers: whole ones, and the events of streams.</summary>
/// <param name="model">Id of the model.</param>
/// <param name="contextLength">Tokens that one request may use.</param>
/// <param name="hasProbabilities">They were asked for.</param>
internal sealed class NativeAnswers(string model, int contextLength, bool hasProbabilities)
{
    /// <summary>What is new of a choice.</summary>
    public NativeCompletionResponse ToEvent(Choice choice, in AnswerEvent item) => new()
    {
        Index = choice.Index,
        Content = item.Text,
        Stop = false,
        CompletionProbabilities = ToProbabilities(item.LogProbs),
    };

    /// <summary>A choice's end, with its counts.</summary>
    /// <param name="choice">It ended well.</param>
    /// <param name="generation">The whole.</param>
    /// <param name="answer">What the choice says, or what is left to say of it.</param>
    public NativeCompletionResponse ToEnd(Choice choice, Generation generation, Answer answer) => new()
    {
        Index = choice.Index,
        Content = answer.Content,
        Stop = true,
        CompletionProbabilities = ToProbabilities(answer.LogProbs),
        Model = model,
        TokensPredicted = choice.NumTokens,
        TokensEvaluated = generation.NumPromptTokens,
        TokensCached = choice.NumCachedTokens,
        Truncated = false,
        StopType = choice switch
        {
            { MatchedStop: not null } => "word",
            { Reason: FinishReason.Length } => "limit",
            _ => "eos",
        },
        StoppingWord = choice.MatchedStop ?? "",
        GenerationSettings = new NativeSettings(contextLength),
        Timings = generation.Timings(),
    };

    private NativeTokenProbability[]? ToProbabilities(IReadOnlyList<PlacedLogProbs> tokens) => hasProbabilities
        ? [.. tokens.Select(token => ToProbability(token.Entry.Chosen) with { TopLogProbs = [.. token.Entry.Top.Select(ToProbability)] })]
        : null;

    private static NativeTokenProbability ToProbability(TokenLogProb token) => new()
    {
        Id = token.TokenId,
        Token = Encoding.UTF8.GetString(token.Bytes.Span),
        Bytes = [.. token.Bytes.ToArray().Select(unit => (int)unit)],
        LogProb = WireLogProbs.Finite(token.LogProb),
    };
}
