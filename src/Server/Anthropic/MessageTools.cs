using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Anthropic;

/// <summary>Reads <c>tools</c> and <c>tool_choice</c> of a Messages request.</summary>
internal static class MessageTools
{
    /// <summary>The tools to show to the template, in OpenAI's form; none if there are none or the choice says so.</summary>
    /// <param name="fields">The body.</param>
    /// <param name="skipped">Names of tools that Anthropic's servers run and this one does not: agents offer them to everybody and go on without.</param>
    public static ImmutableArray<JsonElement> Read(JsonFields fields, out ImmutableArray<string> skipped)
    {
        var tools = ImmutableArray.CreateBuilder<JsonElement>();
        var others = ImmutableArray.CreateBuilder<string>();
        if (fields.Array("tools") is { } array)
        {
            var index = 0;
            foreach (var item in array.EnumerateArray())
            {
                var path = MessageFields.Item(fields.PathOf("tools"), index++);
                if (item.ValueKind != JsonValueKind.Object)
                {
                    fields.Errors.Add(RequestError.WrongType(path, "an object", JsonFields.Describe(item.ValueKind)));
                    continue;
                }

                var tool = new JsonFields(item, path, fields.Errors);
                if (tool.Text("type") is { } type and not "custom")
                {
                    others.Add(tool.Text("name") ?? type);
                }
                else
                {
                    tools.Add(ReadTool(tool));
                }
            }
        }

        skipped = others.DrainToImmutable();
        return ReadIsHidden(fields) ? [] : tools.DrainToImmutable();
    }

    private static JsonElement ReadTool(JsonFields tool) => JsonSerializer.SerializeToElement(
        new FunctionTool
        {
            Function = new ToolFunction
            {
                Name = MessagesRequestReader.RequiredText(tool, "name") ?? "",
                Description = tool.Text("description"),
                Parameters = tool.Object("input_schema"),
                Strict = tool.Flag("strict"),
            },
        },
        AnthropicJson.Wire.FunctionTool);

    private static bool ReadIsHidden(JsonFields fields)
    {
        if (fields.Object("tool_choice") is not { } choice)
        {
            return false;
        }

        var inner = new JsonFields(choice, fields.PathOf("tool_choice"), fields.Errors);
        inner.Flag("disable_parallel_tool_use");
        inner.Text("name");
        switch (MessagesRequestReader.RequiredText(inner, "type"))
        {
            case "none":
                return true;
            case null or "auto":
                return false;
            case "any" or "tool":
                fields.Errors.Add(RequestError.UnsupportedValue(inner.PathOf("type"), $"'{inner.PathOf("type")}' must be 'auto' or 'none': this server cannot force a call."));
                return false;
            case { } other:
                fields.Errors.Add(RequestError.BadValue(
                    inner.PathOf("type"), $"Invalid value: '{JsonFields.Short(other)}'. Supported values are: 'auto', 'any', 'tool' and 'none'."));
                return false;
        }
    }
}
