using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Anthropic;

/// <summary>From the body of a Messages request to a valid chat request, or to all that is wrong with it.</summary>
internal static class MessagesRequestReader
{
    // Objects whose keys change nothing here; a wrong type is still the client's mistake.
    private static readonly string[] IgnoredObjects = ["metadata", "context_management"];

    /// <summary>Checks every field. The result keeps parts of <paramref name="body"/> and lives no longer than its document.</summary>
    /// <param name="body">The body, an object.</param>
    /// <param name="isCount">True: only tokens are counted, so that no limit is needed.</param>
    public static Checked<MappedMessages> Read(JsonElement body, bool isCount)
    {
        var errors = new RequestErrors();
        var request = Read(new JsonFields(body, "", errors), isCount);
        return errors.IsEmpty ? request : errors.Merge();
    }

    private static MappedMessages Read(JsonFields fields, bool isCount)
    {
        var messages = ConversationBlocks.Read(fields);
        var tools = MessageTools.Read(fields, out var skipped);
        var isContinued = messages is [.., { Role: "assistant", ToolCalls.IsEmpty: true }];
        var maxTokens = fields.Integer("max_tokens", 1, long.MaxValue);
        if (!isCount && fields.Any("max_tokens") is null)
        {
            fields.Errors.Add(RequestError.Missing(fields.PathOf("max_tokens")));
        }

        CheckIgnored(fields);
        var chat = new ValidChatRequest
        {
            Model = fields.Text("model"),
            Prompt = new ChatPrompt
            {
                Messages = messages,
                Tools = tools,
                AddGenerationPrompt = !isContinued,
                ContinueFinalMessage = isContinued,
                Variables = ReadVariables(fields),
            },
            Stream = fields.Flag("stream") ?? false,
            MaxOutputTokens = (int?)Math.Min(maxTokens ?? int.MaxValue, int.MaxValue),
            End = new RequestedEnd { Stop = EndFields.ReadStop(fields, "stop_sequences") },
            Sampling = new RequestedSampling
            {
                Temperature = (float?)fields.Number("temperature", 0, 2),
                TopP = (float?)fields.Number("top_p", 0, 1),
                TopK = (int?)fields.Integer("top_k", 0, int.MaxValue),
            },
            Class = ChatRequestValidator.ClassOf(fields.Text("service_tier")),
        };
        return new MappedMessages(chat, skipped);
    }

    // Whoever does not ask for a thought does not expect one: the first block is then the answer.
    private static Dictionary<string, JsonElement> ReadVariables(JsonFields fields)
    {
        var variables = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["enable_thinking"] = JsonElement.Parse(ReadThinking(fields) ? "true" : "false") };
        if (fields.Object("output_config") is { } config)
        {
            var inner = new JsonFields(config, fields.PathOf("output_config"), fields.Errors);
            if (inner.Text("effort") is not null)
            {
                variables["reasoning_effort"] = inner.Any("effort")!.Value;
            }

            if (inner.Object("format") is not null)
            {
                fields.Errors.Add(RequestError.UnsupportedParameter(inner.PathOf("format")));
            }
        }

        return variables;
    }

    private static bool ReadThinking(JsonFields fields)
    {
        if (fields.Object("thinking") is not { } thinking)
        {
            return false;
        }

        var inner = new JsonFields(thinking, fields.PathOf("thinking"), fields.Errors);
        inner.Integer("budget_tokens", 1, long.MaxValue);
        return RequiredText(inner, "type") switch
        {
            "enabled" or "adaptive" => true,
            null or "disabled" => false,
            { } other => Refuse(other),
        };

        bool Refuse(string type)
        {
            fields.Errors.Add(RequestError.BadValue(
                inner.PathOf("type"), $"Invalid value: '{JsonFields.Short(type)}'. Supported values are: 'enabled', 'adaptive' and 'disabled'."));
            return false;
        }
    }

    private static void CheckIgnored(JsonFields fields)
    {
        foreach (var name in IgnoredObjects)
        {
            fields.Object(name);
        }

        fields.Kind("container", "a string or an object", JsonValueKind.String, JsonValueKind.Object);
        fields.Array("mcp_servers");
    }

    /// <summary>A text that must be there; null if something is wrong with it.</summary>
    internal static string? RequiredText(JsonFields fields, string name)
    {
        if (fields.Any(name) is null)
        {
            fields.Errors.Add(RequestError.Missing(fields.PathOf(name)));
        }

        return fields.Text(name);
    }
}
