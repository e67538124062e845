using System.Text.Json;
using InferenceServer.Inference.Sampling;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>Makes the response that a request begins with.</summary>
internal static class ResponseDraft
{
    private static readonly JsonElement PlainText = JsonElement.Parse("""{"type":"text"}"""u8);
    private static readonly JsonElement Auto = JsonElement.Parse("\"auto\""u8);
    private static readonly JsonElement NoTools = JsonElement.Parse("[]"u8);
    private static readonly JsonElement NoMetadata = JsonElement.Parse("{}"u8);

    /// <summary>The response before anything was generated.</summary>
    /// <param name="request">What the client wants.</param>
    /// <param name="identity">Names of the answer.</param>
    /// <param name="sampling">As resolved.</param>
    /// <param name="isStored">It can be asked for again.</param>
    public static ResponseBody Create(ValidResponseRequest request, AnswerIdentity identity, SamplingParams sampling, bool isStored) => new()
    {
        Id = identity.Id,
        CreatedAt = identity.Created,
        Status = request.Background ? ResponseStatus.Queued : ResponseStatus.InProgress,
        Background = request.Background,
        Instructions = request.Instructions,
        MaxOutputTokens = request.Chat.MaxOutputTokens,
        MaxToolCalls = request.Echo.MaxToolCalls,
        Model = identity.Model,
        ParallelToolCalls = request.Echo.ParallelToolCalls,
        PreviousResponseId = request.PreviousResponseId,
        PromptCacheKey = request.Echo.PromptCacheKey,
        Reasoning = new ResponseReasoning(request.Echo.Effort, Summary: null),
        SafetyIdentifier = request.Echo.SafetyIdentifier,
        ServiceTier = identity.ServiceTier,
        Store = isStored,
        Temperature = sampling.Temperature,
        Text = new ResponseText(request.Echo.Format ?? PlainText, request.Echo.Verbosity ?? "medium"),
        ToolChoice = request.Echo.ToolChoice ?? Auto,
        Tools = request.Echo.Tools ?? NoTools,
        TopLogProbs = request.Chat.TopLogProbs ?? 0,
        TopP = sampling.TopP,
        User = request.Echo.User,
        Metadata = request.Echo.Metadata ?? NoMetadata,
    };

    /// <summary>The response with its answer.</summary>
    /// <param name="draft">As it began.</param>
    /// <param name="generation">Over, and well.</param>
    /// <param name="output">What the model wrote.</param>
    /// <param name="clock">Tells when it ended.</param>
    public static ResponseBody End(this ResponseBody draft, Generation generation, IReadOnlyList<ResponseItem> output, TimeProvider clock)
    {
        var isCut = generation.Choices[0].IsCut();
        var usage = generation.Usage();
        return draft with
        {
            Status = isCut ? ResponseStatus.Incomplete : ResponseStatus.Completed,
            CompletedAt = isCut ? null : clock.GetUtcNow().ToUnixTimeSeconds(),
            IncompleteDetails = isCut ? new IncompleteDetails("max_output_tokens") : null,
            Output = output,
            Usage = new ResponseUsage
            {
                InputTokens = usage.PromptTokens,
                InputTokensDetails = new InputTokensDetails(usage.PromptTokensDetails.CachedTokens),
                OutputTokens = usage.CompletionTokens,
                OutputTokensDetails = new OutputTokensDetails(usage.CompletionTokensDetails.ReasoningTokens),
                TotalTokens = usage.TotalTokens,
            },
        };
    }

    /// <summary>The response that broke off.</summary>
    /// <param name="draft">As it began.</param>
    /// <param name="error">Why; null if the client wanted it so.</param>
    /// <param name="output">As far as the model came.</param>
    public static ResponseBody BreakOff(this ResponseBody draft, RequestError? error, IReadOnlyList<ResponseItem> output) => draft with
    {
        Status = error is null ? ResponseStatus.Cancelled : ResponseStatus.Failed,
        Error = error is null ? null : new ResponseFailure("server_error", error.Message),
        Output = output,
    };

    /// <summary>The limit or the end of the context ended it.</summary>
    public static bool IsCut(this Choice choice) => choice.Reason == Inference.Scheduling.FinishReason.Length;
}
