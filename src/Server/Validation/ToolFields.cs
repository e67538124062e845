using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Chat;

namespace InferenceServer.Server.Validation;

/// <summary>Tools that a request offers, and calls in its history, in the present and in the old form (functions).</summary>
internal static class ToolFields
{
    /// <summary>The tools to show to the template, none if the choice says so, and what may be called.</summary>
    /// <param name="fields">The request's body.</param>
    /// <param name="takesFunctions">True: tools and choice may also be given in their old form.</param>
    public static (ImmutableArray<JsonElement> Shown, ToolUse Use) Read(JsonFields fields, bool takesFunctions)
    {
        var shown = ImmutableArray.CreateBuilder<JsonElement>();
        var tools = ImmutableArray.CreateBuilder<RequestedTool>();
        ReadList(fields, "tools", shown, tools, isFunctionList: false);
        var numTools = tools.Count;
        if (takesFunctions)
        {
            ReadList(fields, "functions", shown, tools, isFunctionList: true);
        }

        var use = new ToolUse
        {
            Tools = tools.ToImmutable(),
            IsSingle = fields.Flag("parallel_tool_calls") == false,
            UsesFunctions = numTools == 0 && tools.Count > 0,
        };
        use = ToolChoiceFields.Apply(fields, "tool_choice", use);
        use = takesFunctions ? ToolChoiceFields.Apply(fields, "function_call", use) : use;
        return use == ToolUse.None ? ([], use) : (shown.ToImmutable(), use with { IsSingle = use.IsSingle || use.UsesFunctions });
    }

    /// <summary>The calls of an assistant's message.</summary>
    public static ImmutableArray<ChatToolCall> ReadCalls(JsonFields message)
    {
        var calls = ImmutableArray.CreateBuilder<ChatToolCall>();
        calls.AddRange(message.Objects("tool_calls").Select(ReadCall));
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
            return new ChatToolCall(id, fields.RequiredText("name") ?? "", $$"""{"input":{{input}}}""");
        }

        return call.RequiredObject("function") is { } function
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
        return new ChatToolCall(id, function.RequiredText("name") ?? "", text);
    }

    private static void ReadList(
        JsonFields fields, string name, ImmutableArray<JsonElement>.Builder shown, ImmutableArray<RequestedTool>.Builder tools, bool isFunctionList)
    {
        foreach (var tool in fields.Objects(name))
        {
            if (isFunctionList)
            {
                tools.Add(ReadDeclaration(tool));
                shown.Add(JsonSerializer.SerializeToElement(new DeclaredTool("function", tool.Source), TemplateJson.Default.DeclaredTool));
            }
            else
            {
                ReadTool(tool, shown, tools);
            }
        }
    }

    private static void ReadTool(JsonFields tool, ImmutableArray<JsonElement>.Builder shown, ImmutableArray<RequestedTool>.Builder tools)
    {
        var type = tool.Text("type") ?? "function";
        if (type is not ("function" or "custom"))
        {
            tool.Errors.Add(RequestError.BadValue(tool.PathOf("type"), $"Invalid value: '{JsonFields.Short(type)}'. Supported values are: 'function' and 'custom'."));
        }
        else if (tool.RequiredObject(type) is { } declared)
        {
            var fields = new JsonFields(declared, tool.PathOf(type), tool.Errors);
            tools.Add(type == "function" ? ReadDeclaration(fields) : CustomToolFields.Read(fields));
            shown.Add(type == "function" ? tool.Source : CustomToolFields.Show(fields));
        }
    }

    private static RequestedTool ReadDeclaration(JsonFields function)
    {
        var name = function.RequiredText("name") ?? "";
        function.Text("description");
        var parameters = function.Object("parameters");
        var isStrict = function.Flag("strict") ?? false;
        return RequestedTool.Function(name, parameters, isStrict, function.PathOf("parameters"));
    }
}
