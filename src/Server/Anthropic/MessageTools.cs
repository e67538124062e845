using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Anthropic;

/// <summary>Reads <c>tools</c> and <c>tool_choice</c> of a Messages request.</summary>
/// <param name="Shown">The tools to show to the template, in OpenAI's form; none if there are none or the choice says so.</param>
/// <param name="Use">What may or must be called.</param>
/// <param name="Skipped">Names of tools that Anthropic's servers run and this one does not: agents offer them to everybody and go on without.</param>
internal sealed record MessageTools(ImmutableArray<JsonElement> Shown, ToolUse Use, ImmutableArray<string> Skipped)
{
    /// <summary>Reads both.</summary>
    /// <param name="fields">The body.</param>
    public static MessageTools Read(JsonFields fields)
    {
        var shown = ImmutableArray.CreateBuilder<JsonElement>();
        var tools = ImmutableArray.CreateBuilder<RequestedTool>();
        var skipped = ImmutableArray.CreateBuilder<string>();
        foreach (var tool in fields.Objects("tools"))
        {
            if (tool.Text("type") is { } type and not "custom")
            {
                skipped.Add(tool.Text("name") ?? type);
            }
            else
            {
                ReadTool(tool, shown, tools);
            }
        }

        var use = Choose(fields, new ToolUse { Tools = tools.DrainToImmutable() });
        return new MessageTools(use == ToolUse.None ? [] : shown.DrainToImmutable(), use, skipped.DrainToImmutable());
    }

    private static void ReadTool(JsonFields tool, ImmutableArray<JsonElement>.Builder shown, ImmutableArray<RequestedTool>.Builder tools)
    {
        const string Schema = "input_schema";
        var name = tool.RequiredText("name") ?? "";
        var schema = tool.Object(Schema);
        var strict = tool.Flag("strict");
        shown.Add(ShownTool.OfFunction(name, tool.Text("description"), schema, strict));
        tools.Add(RequestedTool.Function(name, schema, strict ?? false, tool.PathOf(Schema)));
    }

    private static ToolUse Choose(JsonFields fields, ToolUse use)
    {
        if (fields.Object("tool_choice") is not { } choice)
        {
            return use;
        }

        var inner = new JsonFields(choice, fields.PathOf("tool_choice"), fields.Errors);
        use = use with { IsSingle = inner.Flag("disable_parallel_tool_use") == true };
        var name = inner.Text("name");
        switch (inner.RequiredText("type"))
        {
            case "none":
                return ToolUse.None;
            case null or "auto":
                return use;
            case "any":
                return use.Require(inner, "type");
            case "tool" when inner.Any("name") is null:
                fields.Errors.Add(RequestError.Missing(inner.PathOf("name")));
                return use;
            case "tool":
                return name is null ? use : use.Only(name).Require(inner, "name");
            case { } other:
                fields.Errors.Add(RequestError.BadValue(
                    inner.PathOf("type"), $"Invalid value: '{JsonFields.Short(other)}'. Supported values are: 'auto', 'any', 'tool' and 'none'."));
                return use;
        }
    }
}
