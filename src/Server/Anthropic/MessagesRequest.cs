using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace InferenceServer.Server.Anthropic;

/// <summary>
/// The fields of <c>POST /v1/messages</c> and <c>POST /v1/messages/count_tokens</c> that this server reads. Null means absent for all
/// but <c>messages</c>; unknown fields are ignored. Read by MessagesRequestReader; this type is the contract that the API description
/// shows, and a test holds the two together.
/// </summary>
internal sealed record MessagesRequest
{
    /// <summary>The conversation, oldest message first. A last message of the assistant is gone on with.</summary>
    [MinLength(1)]
    public required IReadOnlyList<MessageParam> Messages { get; init; }

    /// <summary>Tokens to generate at most; required unless tokens are counted. More than fits is cut to what fits.</summary>
    [Range(1, int.MaxValue)]
    public int? MaxTokens { get; init; }

    /// <summary>Id or alias of the model. Any name is taken unless the server is strict about it.</summary>
    public string? Model { get; init; }

    /// <summary>What the model is told before the conversation.</summary>
    [Description("A string or an array of text blocks. A block that starts with x-anthropic-billing-header: is left out, since it is another one in every turn.")]
    public JsonElement? System { get; init; }

    /// <summary>Texts that end the answer and are not part of it.</summary>
    public IReadOnlyList<string>? StopSequences { get; init; }

    /// <summary>Send the answer as server-sent events.</summary>
    public bool? Stream { get; init; }

    /// <summary>0 always picks the most likely token.</summary>
    [Range(0.0, 2.0)]
    public double? Temperature { get; init; }

    /// <summary>Keep this many most likely tokens; 0 is off.</summary>
    public int? TopK { get; init; }

    /// <summary>Nucleus: keep the most likely tokens that make up this share.</summary>
    [Range(0.0, 1.0)]
    public double? TopP { get; init; }

    /// <summary>What the model may call. Anthropic's own tools, which have another <c>type</c> than <c>custom</c>, are left out, and the log says so.</summary>
    public IReadOnlyList<MessageTool>? Tools { get; init; }

    /// <summary>Whether and what the model has to call.</summary>
    public MessageToolChoice? ToolChoice { get; init; }

    /// <summary>Whether the model thinks before it answers, where its template leaves the choice; not unless asked for.</summary>
    public MessageThinking? Thinking { get; init; }

    /// <summary>How much to think and what form the answer has.</summary>
    public MessageOutputConfig? OutputConfig { get; init; }

    /// <summary>The same as <c>format</c> of <c>output_config</c>, where it was before.</summary>
    public JsonElement? OutputFormat { get; init; }

    /// <summary><c>priority</c> or <c>flex</c>: who waits for whom. Other values mean the default.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public JsonElement? Container { get; init; }

    /// <summary>Accepted and ignored: what does not fit is refused, never dropped.</summary>
    public JsonElement? ContextManagement { get; init; }

    /// <summary>Accepted and ignored: this server calls no other.</summary>
    public JsonElement? McpServers { get; init; }
}

/// <summary>One message of the conversation.</summary>
internal sealed record MessageParam
{
    /// <summary><c>user</c> or <c>assistant</c>; agents also send <c>system</c>.</summary>
    public required string Role { get; init; }

    /// <summary>What was said.</summary>
    [Description("A string or an array of blocks: text, tool_use, tool_result, thinking, redacted_thinking, search_result, or a document that is text.")]
    public required JsonElement Content { get; init; }
}

/// <summary>A function that the model may call.</summary>
internal sealed record MessageTool
{
    public required string Name { get; init; }

    /// <summary>What it does.</summary>
    public string? Description { get; init; }

    /// <summary>JSON Schema of its arguments.</summary>
    public JsonElement? InputSchema { get; init; }

    /// <summary><c>custom</c> or absent.</summary>
    public string? Type { get; init; }

    /// <summary>True: the arguments are held to the schema.</summary>
    public bool? Strict { get; init; }
}

/// <summary>Whether the model has to call.</summary>
internal sealed record MessageToolChoice
{
    /// <summary><c>auto</c>, <c>any</c>, <c>tool</c> or <c>none</c>.</summary>
    public required string Type { get; init; }

    /// <summary>With <c>tool</c>: which.</summary>
    public string? Name { get; init; }

    /// <summary>True: one call at most.</summary>
    public bool? DisableParallelToolUse { get; init; }
}

/// <summary>Whether the model thinks.</summary>
internal sealed record MessageThinking
{
    /// <summary><c>enabled</c>, <c>adaptive</c> or <c>disabled</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Tokens of thought at most.</summary>
    public int? BudgetTokens { get; init; }
}

/// <summary>How much to think and what form the answer has.</summary>
internal sealed record MessageOutputConfig
{
    /// <summary>Given to the template as <c>reasoning_effort</c>.</summary>
    public string? Effort { get; init; }

    /// <summary><c>{"type":"json_schema","schema":{...}}</c>: the answer is JSON that the schema describes.</summary>
    public JsonElement? Format { get; init; }
}
