using System.Text.Json;
using System.Text.Json.Serialization;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.LlamaServer;

/// <summary>How the wire types of llama.cpp's server are written: generated code, snake_case, and no more escapes than JSON asks for.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(NativeCompletionRequest))]
[JsonSerializable(typeof(NativeInfillRequest))]
[JsonSerializable(typeof(NativeCompletionResponse))]
[JsonSerializable(typeof(IReadOnlyList<NativeCompletionResponse>))]
[JsonSerializable(typeof(ServerProperties))]
[JsonSerializable(typeof(IReadOnlyList<Slot>))]
internal sealed partial class LlamaServerJson : JsonSerializerContext
{
    /// <summary>The one to use; <see cref="Default"/> would escape more.</summary>
    public static LlamaServerJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = OpenAiJson.Encoder,
    });
}
