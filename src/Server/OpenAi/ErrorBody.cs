using System.Text.Json.Serialization;

namespace InferenceServer.Server.OpenAi;

/// <summary>Body of every failed request.</summary>
internal sealed record ErrorBody
{
    /// <summary>What went wrong.</summary>
    public required ErrorDetail Error { get; init; }
}

/// <summary>What went wrong, in OpenAI's words.</summary>
internal sealed record ErrorDetail
{
    /// <summary>For people.</summary>
    public required string Message { get; init; }

    /// <summary>Kind of error, for example <c>invalid_request_error</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Dotted path of the field at fault; null when it is not a field's fault.</summary>
    public required string? Param { get; init; }

    /// <summary>Word for programs, for example <c>context_length_exceeded</c>; never a number, null if there is none.</summary>
    public required string? Code { get; init; }

    /// <summary>With <c>context_length_exceeded</c>: tokens of the prompt.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? NPromptTokens { get; init; }

    /// <summary>With <c>context_length_exceeded</c>: tokens that fit.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? NCtx { get; init; }
}
