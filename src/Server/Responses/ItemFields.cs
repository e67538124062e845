using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>What the parts of an item have in common.</summary>
internal static class ItemFields
{
    /// <summary>The kind of an item: its type, or what an item without one must be.</summary>
    public static string? TypeOf(JsonFields item)
    {
        if (item.Any("type") is not null)
        {
            return item.Text("type");
        }

        return item.Any("role") is null && item.Any("id") is not null ? "item_reference" : "message";
    }

    /// <summary>The texts of a message's content.</summary>
    public static ImmutableArray<string> ReadContent(JsonFields message)
    {
        message.Require("content");

        return message.Kind("content", "a string or an array of parts", JsonValueKind.String, JsonValueKind.Array) switch
        {
            null => [],
            { ValueKind: JsonValueKind.String } text => [text.GetString()!],
            { } parts => [.. message.Objects("content", parts).Select(ReadPart)],
        };
    }

    /// <summary>
    /// The text of a call's output. What is no text is named instead of refused: agents send along whatever their tools return, and a
    /// refusal would end the conversation for good.
    /// </summary>
    public static string ReadOutput(JsonFields item)
    {
        const string Name = "output";
        item.Require(Name);

        return item.Kind(Name, "a string or an array of parts", JsonValueKind.String, JsonValueKind.Array) switch
        {
            null => "",
            { ValueKind: JsonValueKind.String } text => text.GetString()!,
            { } parts => string.Join('\n', parts.EnumerateArray().Select(TextOf)),
        };
    }

    private static string TextOf(JsonElement part)
    {
        if (part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String)
        {
            return text.GetString()!;
        }

        var type = part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out var named) && named.ValueKind == JsonValueKind.String
            ? JsonFields.Short(named.GetString()!)
            : "part";
        return $"[{type} left out: this model takes text only]";
    }

    private static string ReadPart(JsonFields part)
    {
        switch (part.RequiredText("type"))
        {
            case null:
                return "";
            case "input_text" or "output_text" or "text":
                return part.RequiredText("text") ?? "";
            case "refusal":
                return part.RequiredText("refusal") ?? "";
            case "input_image" or "input_file" or "input_audio":
                part.Errors.Add(RequestError.UnsupportedValue(
                    part.PathOf("type"), $"Content parts of type '{part.Text("type")}' are not supported: this model takes text only."));
                return "";
            case { } other:
                part.Errors.Add(RequestError.BadValue(
                    part.PathOf("type"), $"Invalid value: '{JsonFields.Short(other)}'. Supported values are: 'input_text', 'output_text' and 'refusal'."));
                return "";
        }
    }
}
