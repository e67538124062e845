using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace InferenceServer.Server.OpenAi;

/// <summary>
/// The fields of <c>POST /v1/embeddings</c> that this server reads; others are ignored. The contract that the API description shows;
/// see EmbeddingRequestValidator.
/// </summary>
internal sealed record EmbeddingsRequest
{
    /// <summary>A text, token ids, or an array of up to 2048 of either. Token ids are the embedding model's own.</summary>
    [Description("A string, an array of strings, an array of token ids, or an array of arrays of token ids.")]
    public required JsonElement Input { get; init; }

    /// <summary>Id of the embedding model. Any name is taken unless the server is strict about it.</summary>
    public string? Model { get; init; }

    /// <summary><c>float</c> (the default) for numbers, <c>base64</c> for little-endian 32-bit floats.</summary>
    [AllowedValues("float", "base64", null)]
    public string? EncodingFormat { get; init; }

    /// <summary>Numbers to keep of each embedding, brought back to length 1. Null: all.</summary>
    [Range(1, int.MaxValue)]
    public int? Dimensions { get; init; }

    /// <summary>Ignored.</summary>
    public string? User { get; init; }
}
