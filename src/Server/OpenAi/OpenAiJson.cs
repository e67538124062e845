using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using InferenceServer.Server.Responses;

namespace InferenceServer.Server.OpenAi;

/// <summary>How the wire types are written: generated code, snake_case, and no more escapes than JSON asks for.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(ChatCompletionRequest))]
[JsonSerializable(typeof(ChatCompletionResponse))]
[JsonSerializable(typeof(ChatCompletionChunk))]
[JsonSerializable(typeof(ChatLogProbs))]
[JsonSerializable(typeof(CompletionRequest))]
[JsonSerializable(typeof(CompletionResponse))]
[JsonSerializable(typeof(CompletionLogProbs))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelObject))]
[JsonSerializable(typeof(HealthBody))]
[JsonSerializable(typeof(AppliedTemplate))]
[JsonSerializable(typeof(ServiceIndex))]
[JsonSerializable(typeof(EmbeddingsRequest))]
[JsonSerializable(typeof(EmbeddingsResponse))]
[JsonSerializable(typeof(RerankRequest))]
[JsonSerializable(typeof(RerankResponse))]
[JsonSerializable(typeof(IReadOnlyList<RankedText>))]
[JsonSerializable(typeof(TokenizeRequest))]
[JsonSerializable(typeof(TokenizeResponse))]
[JsonSerializable(typeof(TokenizePiecesResponse))]
[JsonSerializable(typeof(DetokenizeRequest))]
[JsonSerializable(typeof(DetokenizeResponse))]
[JsonSerializable(typeof(ResponseRequest))]
[JsonSerializable(typeof(ResponseBody))]
[JsonSerializable(typeof(ResponseItem))]
[JsonSerializable(typeof(ResponseEvent))]
[JsonSerializable(typeof(ResponseFailure))]
[JsonSerializable(typeof(ReasoningText))]
[JsonSerializable(typeof(OutputText))]
[JsonSerializable(typeof(IReadOnlyList<ChatTokenLogProb>))]
[JsonSerializable(typeof(InputItemList))]
[JsonSerializable(typeof(InputTokenCount))]
[JsonSerializable(typeof(DeletedResponse))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class OpenAiJson : JsonSerializerContext
{
    /// <summary>
    /// Escapes only what JSON must: text in other scripts stays one character instead of six, and <c>+</c> stays <c>+</c>,
    /// which clients that decode base64 by hand rely on. Safe because no answer is ever HTML.
    /// </summary>
    public static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>The one to use; <see cref="Default"/> would escape more.</summary>
    public static OpenAiJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = Encoder,
    });
}
