using System.Buffers;
using System.Text.Json;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Streaming;

namespace InferenceServer.Server.Responses;

/// <summary>Input items in the form in which they are kept and listed: each with a type and an id, content as parts.</summary>
internal static class StoredItems
{
    /// <summary>The item that a text alone stands for.</summary>
    public static JsonElement OfText(string text)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = NewWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("role"u8, "user"u8);
            json.WriteString("content"u8, text);
            json.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    /// <summary>An array of items as UTF-8.</summary>
    /// <param name="items">Valid ones.</param>
    public static byte[] Write(IEnumerable<JsonElement> items)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = NewWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var item in items)
            {
                WriteItem(json, item);
            }

            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static Utf8JsonWriter NewWriter(ArrayBufferWriter<byte> buffer) => new(buffer, new JsonWriterOptions { Encoder = OpenAiJson.Encoder });

    private static void WriteItem(Utf8JsonWriter json, JsonElement item)
    {
        var type = HasText(item, "type") ? item.GetProperty("type").GetString()! : "message";
        var isMessage = type == "message";
        json.WriteStartObject();
        json.WriteString("type"u8, type);
        json.WriteString("id"u8, HasText(item, "id") ? item.GetProperty("id").GetString() : AnswerIdentity.NewId(PrefixOf(type)));
        if (isMessage && !HasText(item, "status"))
        {
            json.WriteString("status"u8, ResponseStatus.Completed);
        }

        foreach (var property in item.EnumerateObject())
        {
            if (property.Name is "type" or "id" || property.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            if (isMessage && property.NameEquals("content"u8) && property.Value.ValueKind == JsonValueKind.String)
            {
                WriteContent(json, property.Value.GetString()!, isAnswer: item.GetProperty("role").ValueEquals("assistant"u8));
            }
            else
            {
                property.WriteTo(json);
            }
        }

        json.WriteEndObject();
    }

    private static void WriteContent(Utf8JsonWriter json, string text, bool isAnswer)
    {
        json.WriteStartArray("content"u8);
        json.WriteStartObject();
        json.WriteString("type"u8, isAnswer ? "output_text"u8 : "input_text"u8);
        json.WriteString("text"u8, text);
        if (isAnswer)
        {
            json.WriteStartArray("annotations"u8);
            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static bool HasText(JsonElement item, string name) => item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String;

    private static string PrefixOf(string type) => type switch
    {
        "message" => "msg_",
        "reasoning" => "rs_",
        "function_call" => "fc_",
        "function_call_output" => "fco_",
        "custom_tool_call" => "ctc_",
        "custom_tool_call_output" => "ctco_",
        _ => "item_",
    };
}
