using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Chat.Jinja;

namespace InferenceServer.Inference.Chat;

/// <summary>
/// Makes the variables of one render. What the server chose from a fixed set (known roles, the word <c>function</c>, control
/// tokens, the date) is the template's text, so that a template may build a control token of it; all else is the request's.
/// </summary>
internal sealed class TemplateVariables(string? bosToken, string? eosToken, TimeProvider clock)
{
    private static readonly ImmutableArray<string> KnownRoles = ["system", "developer", "user", "assistant", "tool"];

    private static readonly TextValue TextType = TextValue.OfTemplate("text");
    private static readonly TextValue FunctionType = TextValue.OfTemplate("function");

    /// <param name="prompt">Tools and further variables; its messages are not used.</param>
    /// <param name="messages">The conversation, shaped for the template.</param>
    /// <param name="capabilities">The form that the template wants.</param>
    public Dictionary<string, Value> Build(ChatPrompt prompt, IReadOnlyList<ChatMessage> messages, TemplateCapabilities capabilities)
    {
        var variables = new Dictionary<string, Value>(StringComparer.Ordinal)
        {
            ["messages"] = new ListValue([.. messages.Select(message => Message(message, capabilities))]),
            ["add_generation_prompt"] = BoolValue.Of(prompt.AddGenerationPrompt),
            // Templates test this in three ways that differ while it is undefined.
            ["enable_thinking"] = BoolValue.True,
            // Llama 3 prints a day of 2024 without it.
            ["date_string"] = TextValue.OfTemplate(TimeFormat.Format(clock.GetLocalNow(), "%d %b %Y")),
        };
        if (bosToken is not null)
        {
            variables["bos_token"] = TextValue.OfTemplate(bosToken);
        }

        if (eosToken is not null)
        {
            variables["eos_token"] = TextValue.OfTemplate(eosToken);
        }

        // Undefined is the one form of "no tools" that all templates understand.
        if (!prompt.Tools.IsDefaultOrEmpty)
        {
            variables["tools"] = new ListValue([.. prompt.Tools.Select(JsonValues.Of)]);
        }

        AddRequested(variables, prompt.Variables);
        return variables;
    }

    private static void AddRequested(Dictionary<string, Value> variables, IReadOnlyDictionary<string, JsonElement>? requested)
    {
        if (requested is null)
        {
            return;
        }

        foreach (var (name, value) in requested)
        {
            if (name != "messages")
            {
                variables[name] = JsonValues.Of(value);
            }
        }

        // DeepSeek's name for the same switch.
        if (requested.ContainsKey("enable_thinking"))
        {
            variables.TryAdd("thinking", variables["enable_thinking"]);
        }
    }

    private static DictValue Message(ChatMessage message, TemplateCapabilities capabilities)
    {
        var dict = new DictValue();
        dict.Set("role", TextValue.Of(message.Role, KnownRoles.Contains(message.Role)));
        if (Content(message, capabilities) is { } content)
        {
            dict.Set("content", content);
        }

        if (!string.IsNullOrEmpty(message.Reasoning))
        {
            foreach (var name in capabilities.ReasoningNames)
            {
                dict.Set(name, TextValue.OfRequest(message.Reasoning));
            }
        }

        if (message.ToolCalls.Length > 0)
        {
            dict.Set("tool_calls", new ListValue([.. message.ToolCalls.Select(call => Call(call, capabilities))]));
        }

        SetIfGiven(dict, "name", message.Name);
        SetIfGiven(dict, "tool_call_id", message.ToolCallId);
        return dict;
    }

    private static void SetIfGiven(DictValue dict, string key, string? value)
    {
        if (value is not null)
        {
            dict.Set(key, TextValue.OfRequest(value));
        }
    }

    // Null means: leave the key out.
    private static Value? Content(ChatMessage message, TemplateCapabilities capabilities)
    {
        if (!message.Parts.IsDefaultOrEmpty)
        {
            return new ListValue([.. message.Parts.Select(Part)]);
        }

        if (string.IsNullOrEmpty(message.Content) && message.ToolCalls.Length > 0)
        {
            return capabilities.EmptyContent switch
            {
                EmptyContent.Null => NoneValue.Instance,
                EmptyContent.Missing => null,
                _ => TextValue.Empty,
            };
        }

        return TextValue.OfRequest(message.Content ?? "");
    }

    private static DictValue Part(string text)
    {
        var part = new DictValue();
        part.Set("type", TextType);
        part.Set("text", TextValue.OfRequest(text));
        return part;
    }

    private static DictValue Call(ChatToolCall call, TemplateCapabilities capabilities)
    {
        var function = new DictValue();
        function.Set("name", TextValue.OfRequest(call.Name));
        function.Set("arguments", Arguments(call.Arguments, capabilities.WantsArgumentsAsText));
        var dict = new DictValue();
        dict.Set("id", TextValue.OfRequest(call.Id));
        dict.Set("type", FunctionType);
        dict.Set("function", function);
        return dict;
    }

    // Clients send nothing, or null, for a call without arguments. What is no JSON object stays the text it is.
    private static Value Arguments(string arguments, bool asText)
    {
        var text = arguments.Trim() is "" or "null" ? "{}" : arguments;
        if (asText)
        {
            return TextValue.OfRequest(text);
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object ? JsonValues.Of(document.RootElement) : TextValue.OfRequest(text);
        }
        catch (JsonException)
        {
            return TextValue.OfRequest(text);
        }
    }
}
