using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceServer.Server.Ollama;

/// <summary>Answer of <c>GET /api/tags</c> and <c>GET /api/ps</c>.</summary>
internal sealed record OllamaModelList(IReadOnlyList<OllamaModel> Models);

/// <summary>A served model.</summary>
internal sealed record OllamaModel
{
    public required string Name { get; init; }

    /// <summary>The same.</summary>
    public required string Model { get; init; }

    /// <summary>When the model's file was written; absent in <c>/api/ps</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? ModifiedAt { get; init; }

    /// <summary>Bytes of the file or of all its shards.</summary>
    public required long Size { get; init; }

    /// <summary>64 hex digits that change with the model; not the file's own hash.</summary>
    public required string Digest { get; init; }

    public required OllamaModelDetails Details { get; init; }

    /// <summary>In <c>/api/ps</c>: when it would be unloaded, which is never.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>In <c>/api/ps</c>: tokens that one request may use.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ContextLength { get; init; }
}

/// <summary>What the model's file says, in Ollama's words.</summary>
internal sealed record OllamaModelDetails
{
    public string ParentModel { get; init; } = "";

    public string Format { get; init; } = "gguf";

    /// <summary>The architecture.</summary>
    public required string Family { get; init; }

    public required IReadOnlyList<string> Families { get; init; }

    /// <summary>For example <c>134.5M</c>.</summary>
    public required string ParameterSize { get; init; }

    /// <summary>Empty if the file does not say.</summary>
    public required string QuantizationLevel { get; init; }
}

/// <summary>Body of <c>POST /api/show</c>.</summary>
internal sealed record OllamaShowRequest
{
    /// <summary>Id or alias of a model, with or without <c>:latest</c>; any other name means the chat model unless the server is strict.</summary>
    public string? Model { get; init; }

    /// <summary>The same, by its old name.</summary>
    public string? Name { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public bool? Verbose { get; init; }
}

/// <summary>Answer of <c>POST /api/show</c>.</summary>
internal sealed record OllamaShowResponse
{
    /// <summary>Always empty: there is none.</summary>
    public string Modelfile { get; init; } = "";

    /// <summary>Sampling values of the model's file, one a line.</summary>
    public required string Parameters { get; init; }

    /// <summary>The chat template, in Jinja; empty for an embedding model.</summary>
    public required string Template { get; init; }

    public required OllamaModelDetails Details { get; init; }

    /// <summary>What the file's header says, by its own keys.</summary>
    public required IReadOnlyDictionary<string, JsonElement> ModelInfo { get; init; }

    /// <summary><c>completion</c>, <c>tools</c>, <c>thinking</c>, <c>insert</c>, <c>embedding</c>.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>When the model's file was written.</summary>
    public required DateTimeOffset ModifiedAt { get; init; }
}
