using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Anthropic;

/// <summary>
/// Reads <c>system</c> and <c>messages</c> of a Messages request. Anthropic's messages hold blocks of many kinds; templates know
/// messages of one kind each, so that a user's results of calls become messages of their own, before what the user says.
/// </summary>
internal static class ConversationBlocks
{
    // Another one in every turn: with it in front, no turn would find the one before in the cache.
    private const string BillingHeader = "x-anthropic-billing-header:";

    /// <summary>The conversation, the system's words first; may be empty if something was wrong.</summary>
    public static ImmutableArray<ChatMessage> Read(JsonFields fields)
    {
        var messages = ImmutableArray.CreateBuilder<ChatMessage>();
        if (ReadSystem(fields) is { } system)
        {
            messages.Add(system);
        }

        fields.Require("messages");

        if (fields.Array("messages") is not { } array)
        {
            return [];
        }

        if (array.GetArrayLength() == 0)
        {
            fields.Errors.Add(RequestError.BadValue(
                fields.PathOf("messages"), "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.", "empty_array"));
        }

        foreach (var message in fields.Objects("messages", array))
        {
            ReadMessage(message, messages);
        }

        return messages.DrainToImmutable();
    }

    private static ChatMessage? ReadSystem(JsonFields fields)
    {
        if (Content(fields, "system") is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            var text = WithoutBillingLine(value.GetString()!);
            return text.Length > 0 ? new ChatMessage { Role = "system", Content = text } : null;
        }

        var parts = ImmutableArray.CreateBuilder<string>();
        foreach (var block in fields.Objects("system", value))
        {
            if (block.RequiredText("type") is not { } type)
            {
                continue;
            }

            if (type != "text")
            {
                Refuse(block, type);
            }
            else if (block.RequiredText("text") is { Length: > 0 } text && !text.StartsWith(BillingHeader, StringComparison.Ordinal))
            {
                parts.Add(text);
            }
        }

        return parts.Count > 0 ? new ChatMessage { Role = "system", Parts = parts.DrainToImmutable() } : null;
    }

    private static void ReadMessage(JsonFields message, ImmutableArray<ChatMessage>.Builder messages)
    {
        var role = message.RequiredText("role");
        message.Require("content");

        switch (role)
        {
            case "assistant":
                messages.Add(ReadAssistant(message));
                break;
            case "system" or "developer":
                ReadUser(message, "system", messages);
                break;
            case null or "user" or "ctx" or "msg":
                // The last two are an agent's own words for what it adds to the conversation.
                ReadUser(message, "user", messages);
                break;
            default:
                message.Errors.Add(RequestError.BadValue(
                    message.PathOf("role"), $"Invalid value: '{JsonFields.Short(role)}'. Supported values are: 'user', 'assistant' and 'system'."));
                break;
        }
    }

    private static void ReadUser(JsonFields message, string role, ImmutableArray<ChatMessage>.Builder messages)
    {
        if (Content(message, "content") is not { } value)
        {
            return;
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            messages.Add(new ChatMessage { Role = role, Content = value.GetString() });
            return;
        }

        var parts = ImmutableArray.CreateBuilder<string>();
        var hasResults = false;
        foreach (var block in message.Objects("content", value))
        {
            if (block.RequiredText("type") is not { } type)
            {
                continue;
            }

            if (type == "tool_result" && role == "user")
            {
                messages.Add(ReadResult(block));
                hasResults = true;
            }
            else if (ReadText(block, type) is { } text)
            {
                parts.Add(text);
            }
            else
            {
                Refuse(block, type);
            }
        }

        if (parts.Count > 0 || !hasResults)
        {
            messages.Add(new ChatMessage { Role = role, Parts = parts.DrainToImmutable() });
        }
    }

    private static ChatMessage ReadAssistant(JsonFields message)
    {
        if (Content(message, "content") is not { ValueKind: JsonValueKind.Array } value)
        {
            return new ChatMessage { Role = "assistant", Content = message.Source.TryGetProperty("content", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null };
        }

        var parts = ImmutableArray.CreateBuilder<string>();
        var calls = ImmutableArray.CreateBuilder<ChatToolCall>();
        var thought = new StringBuilder();
        foreach (var block in message.Objects("content", value))
        {
            switch (block.RequiredText("type"))
            {
                case null or "redacted_thinking":
                    // Nobody but Anthropic can read the latter.
                    break;
                case "text":
                    parts.Add(block.RequiredText("text") ?? "");
                    break;
                case "thinking":
                    thought.Append(block.RequiredText("thinking"));
                    break;
                case "tool_use":
                    calls.Add(ReadCall(block));
                    break;
                case { } type:
                    Refuse(block, type);
                    break;
            }
        }

        return new ChatMessage
        {
            Role = "assistant",
            Parts = parts.Count > 0 ? parts.DrainToImmutable() : default,
            Reasoning = thought.Length > 0 ? thought.ToString() : null,
            ToolCalls = calls.DrainToImmutable(),
        };
    }

    private static ChatToolCall ReadCall(JsonFields block) => new(
        block.RequiredText("id") ?? "",
        block.RequiredText("name") ?? "",
        block.Object("input")?.GetRawText() ?? "{}");

    private static ChatMessage ReadResult(JsonFields block)
    {
        var id = block.RequiredText("tool_use_id");
        block.Flag("is_error");
        var result = new ChatMessage { Role = "tool", ToolCallId = id, Content = "" };
        if (Content(block, "content") is not { } value)
        {
            return result;
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return result with { Content = value.GetString() };
        }

        var parts = ImmutableArray.CreateBuilder<string>();
        foreach (var part in block.Objects("content", value))
        {
            if (part.RequiredText("type") is { } type)
            {
                // A tool's result stays in the conversation for good: to refuse it would end the conversation, so that the model is told.
                parts.Add(ReadText(part, type) ?? $"[{JsonFields.Short(type)} left out: this model takes text only]");
            }
        }

        return parts.Count > 0 ? result with { Content = null, Parts = parts.DrainToImmutable() } : result;
    }

    // Null: it is not text.
    private static string? ReadText(JsonFields block, string type) => type switch
    {
        "text" => block.RequiredText("text") ?? "",
        "search_result" => string.Join('\n', new[] { block.Text("title"), block.Text("source") }.Append(ReadTexts(block, "content")).Where(text => !string.IsNullOrEmpty(text))),
        "document" => ReadDocument(block),
        _ => null,
    };

    private static string? ReadDocument(JsonFields block)
    {
        if (block.Object("source") is not { } value)
        {
            return null;
        }

        var source = new JsonFields(value, block.PathOf("source"), block.Errors);
        var text = source.Text("type") switch
        {
            "text" => source.RequiredText("data") ?? "",
            "content" => ReadTexts(source, "content"),
            _ => null,
        };
        return text is not null && block.Text("title") is { Length: > 0 } title ? $"{title}\n{text}" : text;
    }

    private static string ReadTexts(JsonFields fields, string name)
    {
        if (Content(fields, name) is not { } value)
        {
            return "";
        }

        return value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : string.Join('\n', fields.Objects(name, value).Select(ReadTextOf));
    }

    private static string ReadTextOf(JsonFields block)
    {
        if (block.RequiredText("type") is not { } type)
        {
            return "";
        }

        if (type != "text")
        {
            Refuse(block, type);
            return "";
        }

        return block.RequiredText("text") ?? "";
    }

    private static JsonElement? Content(JsonFields fields, string name) =>
        fields.Kind(name, "a string or an array of blocks", JsonValueKind.String, JsonValueKind.Array);

    private static void Refuse(JsonFields block, string type) => block.Errors.Add(RequestError.UnsupportedValue(
        block.PathOf("type"), $"Content blocks of type '{JsonFields.Short(type)}' are not supported here: this model takes text only."));

    private static string WithoutBillingLine(string text)
    {
        if (!text.StartsWith(BillingHeader, StringComparison.Ordinal))
        {
            return text;
        }

        var end = text.IndexOf('\n', StringComparison.Ordinal);
        return end < 0 ? "" : text[(end + 1)..].TrimStart('\n');
    }
}
