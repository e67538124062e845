using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Chat;

namespace InferenceServer.Server.Validation;

/// <summary>Tools that a request offers, and calls in its history, in the present and in the old form (functions).</summary>
internal static class ToolFields
{
    /// <summary>
    /// The tools to show to the template: none if there are none or <c>tool_choice</c> says so. A choice that would have to be
    /// enforced is refused, since nothing enforces it yet.
    /// </summary>
    public static ImmutableArray<JsonElement> ReadTools(JsonFields fields)
    {
        var tools = ImmutableArray.CreateBuilder<JsonElement>();
        ReadList(fields, "tools", tools, isFunctionList: false);
        ReadList(fields, "functions", tools, isFunctionList: true);
        var isHidden = ReadChoice(fields, "tool_choice") | ReadChoice(fields, "function_call");
        fields.Flag("parallel_tool_calls");
        return isHidden ? [] : tools.ToImmutable();
    }

    /// <summary>The calls of an assistant's message.</summary>
    public static ImmutableArray<ChatToolCall> ReadCalls(JsonFields message)
    {
        var calls = ImmutableArray.CreateBuilder<ChatToolCall>();
        if (message.Array("tool_calls") is { } array)
        {
            var index = 0;
            foreach (var item in array.EnumerateArray())
            {
                var path = MessageFields.Item(message.PathOf("tool_calls"), index++);
                if (item.ValueKind == JsonValueKind.Object)
                {
                    calls.Add(ReadCall(new JsonFields(item, path, message.Errors)));
                }
                else
                {
                    message.Errors.Add(RequestError.WrongType(path, "an object", JsonFields.Describe(item.ValueKind)));
                }
            }
        }

        if (message.Object("function_call") is { } old)
        {
            calls.Add(ReadFunction(new JsonFields(old, message.PathOf("function_call"), message.Errors), ""));
        }

        return calls.ToImmutable();
    }

    private static ChatToolCall ReadCall(JsonFields call)
    {
        // Ollama's clients leave the id out.
        var id = call.Text("id") ?? "";
        call.Text("type");
        if (call.Object("custom") is { } custom)
        {
            // A custom tool takes free text; templates know functions only, so it becomes one with a single argument.
            var fields = new JsonFields(custom, call.PathOf("custom"), call.Errors);
            var input = JsonSerializer.Serialize(fields.Text("input") ?? "", TemplateJson.Default.String);
            return new ChatToolCall(id, RequiredName(fields), $$"""{"input":{{input}}}""");
        }

        if (call.Any("function") is null)
        {
            call.Errors.Add(RequestError.Missing(call.PathOf("function")));
            return new ChatToolCall(id, "", "{}");
        }

        return call.Object("function") is { } function
            ? ReadFunction(new JsonFields(function, call.PathOf("function"), call.Errors), id)
            : new ChatToolCall(id, "", "{}");
    }

    private static ChatToolCall ReadFunction(JsonFields function, string id)
    {
        var arguments = function.Kind("arguments", "a string", JsonValueKind.String, JsonValueKind.Object);
        var text = arguments switch
        {
            null => "{}",
            { ValueKind: JsonValueKind.String } value => value.GetString()!,
            { } value => value.GetRawText(),
        };
        return new ChatToolCall(id, RequiredName(function), text);
    }

    private static string RequiredName(JsonFields function)
    {
        if (function.Any("name") is null)
        {
            function.Errors.Add(RequestError.Missing(function.PathOf("name")));
        }

        return function.Text("name") ?? "";
    }

    private static void ReadList(JsonFields fields, string name, ImmutableArray<JsonElement>.Builder tools, bool isFunctionList)
    {
        if (fields.Array(name) is not { } array)
        {
            return;
        }

        var index = 0;
        foreach (var item in array.EnumerateArray())
        {
            var path = MessageFields.Item(fields.PathOf(name), index++);
            if (item.ValueKind != JsonValueKind.Object)
            {
                fields.Errors.Add(RequestError.WrongType(path, "an object", JsonFields.Describe(item.ValueKind)));
                continue;
            }

            var tool = new JsonFields(item, path, fields.Errors);
            if (isFunctionList)
            {
                RequiredName(tool);
                tools.Add(JsonSerializer.SerializeToElement(new OldFunction("function", item), TemplateJson.Default.OldFunction));
            }
            else
            {
                CheckTool(tool);
                tools.Add(item);
            }
        }
    }

    private static void CheckTool(JsonFields tool)
    {
        var type = tool.Text("type");
        if (type == "custom")
        {
            tool.Object("custom");
            return;
        }

        if (type is not null and not "function")
        {
            tool.Errors.Add(RequestError.BadValue(tool.PathOf("type"), $"Invalid value: '{JsonFields.Short(type)}'. Supported values are: 'function' and 'custom'."));
            return;
        }

        if (tool.Any("function") is null)
        {
            tool.Errors.Add(RequestError.Missing(tool.PathOf("function")));
        }
        else if (tool.Object("function") is { } function)
        {
            var fields = new JsonFields(function, tool.PathOf("function"), tool.Errors);
            RequiredName(fields);
            fields.Text("description");
            fields.Object("parameters");
            fields.Flag("strict");
        }
    }

    private static bool ReadChoice(JsonFields fields, string name)
    {
        if (fields.Kind(name, "a string or an object", JsonValueKind.String, JsonValueKind.Object) is not { } choice)
        {
            return false;
        }

        switch (choice.ValueKind == JsonValueKind.String ? choice.GetString() : null)
        {
            case "none":
                return true;
            case "auto":
                return false;
            case null or "required" or "any":
                fields.Errors.Add(RequestError.UnsupportedValue(fields.PathOf(name), $"'{name}' must be 'auto' or 'none': this server cannot force a call."));
                return false;
            case { } other:
                fields.Errors.Add(RequestError.BadValue(fields.PathOf(name), $"Invalid value: '{JsonFields.Short(other)}'. Supported values are: 'none' and 'auto'."));
                return false;
        }
    }
}
