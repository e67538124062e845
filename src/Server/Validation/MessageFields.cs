using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Chat;

namespace InferenceServer.Server.Validation;

/// <summary>
/// The messages of a chat request. Strict about what the model would see (roles, content), lenient about everything that
/// clients copy along from earlier answers: nulls and unknown keys are ignored.
/// </summary>
internal static class MessageFields
{
    private static readonly string[] Roles = ["system", "developer", "user", "assistant", "tool", "function"];

    /// <summary>Reads <c>messages</c>; may be empty if something was wrong.</summary>
    public static ImmutableArray<ChatMessage> Read(JsonFields fields)
    {
        const string Name = "messages";
        if (fields.Any(Name) is null)
        {
            fields.Errors.Add(RequestError.Missing(fields.PathOf(Name)));
            return [];
        }

        if (fields.Array(Name) is not { } array)
        {
            return [];
        }

        if (array.GetArrayLength() == 0)
        {
            fields.Errors.Add(RequestError.BadValue(
                fields.PathOf(Name), $"Invalid '{Name}': empty array. Expected an array with minimum length 1, but got an empty array instead.", "empty_array"));
            return [];
        }

        return [.. fields.Objects(Name, array).Select(ReadMessage)];
    }

    private static ChatMessage ReadMessage(JsonFields fields)
    {
        var role = fields.RequiredText("role");
        if (role is not null && !Roles.Contains(role))
        {
            fields.Errors.Add(RequestError.BadValue(
                fields.PathOf("role"), $"Invalid value: '{JsonFields.Short(role)}'. Supported values are: '{string.Join("', '", Roles)}'."));
        }

        var isAssistant = role == "assistant";
        var (content, parts) = ReadContent(fields, isAssistant);
        if (content is null && parts.IsDefault && role is "system" or "developer" or "user" && fields.Any("content") is null)
        {
            fields.Errors.Add(RequestError.Missing(fields.PathOf("content")));
        }

        return new ChatMessage
        {
            // A function's answer is a tool's answer from before tools had ids.
            Role = role == "function" ? "tool" : role ?? "user",
            Content = content,
            Parts = parts,
            Name = fields.Text("name"),
            Reasoning = fields.Text("reasoning_content") ?? fields.Text("reasoning") ?? fields.Text("thinking"),
            ToolCalls = isAssistant ? ToolFields.ReadCalls(fields) : [],
            ToolCallId = fields.Text("tool_call_id"),
        };
    }

    private static (string? Content, ImmutableArray<string> Parts) ReadContent(JsonFields fields, bool isAssistant)
    {
        if (fields.Kind("content", "a string or an array of parts", JsonValueKind.String, JsonValueKind.Array) is not { } value)
        {
            return (null, default);
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return (value.GetString(), default);
        }

        return (null, [.. fields.Objects("content", value).Select(part => ReadPart(part, isAssistant))]);
    }

    private static string ReadPart(JsonFields fields, bool isAssistant)
    {
        switch (fields.RequiredText("type"))
        {
            case null:
                return "";
            case "text":
                return fields.RequiredText("text") ?? "";
            case "refusal" when isAssistant:
                return fields.RequiredText("refusal") ?? "";
            case "image_url" or "input_audio" or "file" or "video_url" or "audio_url":
                fields.Errors.Add(RequestError.UnsupportedValue(
                    fields.PathOf("type"), $"Content parts of type '{fields.Text("type")}' are not supported: this model takes text only."));
                return "";
            default:
                fields.Errors.Add(RequestError.BadValue(fields.PathOf("type"), $"Invalid value: '{JsonFields.Short(fields.Text("type")!)}'. Supported values are: 'text'."));
                return "";
        }
    }
}
