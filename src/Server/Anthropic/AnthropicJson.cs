using System.Text.Json;
using System.Text.Json.Serialization;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Anthropic;

/// <summary>How Anthropic's wire types are written: generated code, snake_case, and no more escapes than JSON asks for.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(MessagesRequest))]
[JsonSerializable(typeof(MessagesResponse))]
[JsonSerializable(typeof(MessagesUsage))]
[JsonSerializable(typeof(MessageStreamEvent))]
[JsonSerializable(typeof(MessageTokenCount))]
[JsonSerializable(typeof(MessagesErrorBody))]
[JsonSerializable(typeof(MessagesGreeting))]
internal sealed partial class AnthropicJson : JsonSerializerContext
{
    /// <summary>The one to use; <see cref="Default"/> would escape more.</summary>
    public static AnthropicJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = OpenAiJson.Encoder,
    });
}
