using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceServer.Server.Responses;

/// <summary>Answer of <c>DELETE /v1/responses/{id}</c>.</summary>
internal sealed record DeletedResponse(string Id)
{
    public string Object { get; init; } = "response";

    public bool Deleted { get; init; } = true;
}

/// <summary>Answer of <c>POST /v1/responses/input_tokens</c>.</summary>
/// <param name="InputTokens">Tokens of the prompt that a response would compute, earlier responses included.</param>
internal sealed record InputTokenCount(int InputTokens)
{
    [JsonPropertyOrder(-1)]
    public string Object { get; init; } = "response.input_tokens";
}

/// <summary>Answer of <c>GET /v1/responses/{id}/input_items</c>: a page of what the request itself brought, without earlier responses.</summary>
internal sealed record InputItemList
{
    public string Object { get; init; } = "list";

    public required IReadOnlyList<JsonElement> Data { get; init; }

    /// <summary>Id of the page's first item; null if it has none.</summary>
    public required string? FirstId { get; init; }

    /// <summary>Id of its last item.</summary>
    public required string? LastId { get; init; }

    /// <summary>There are items behind it.</summary>
    public required bool HasMore { get; init; }
}
