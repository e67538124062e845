using System.Text.Json;

namespace InferenceServer.Server.Validation;

/// <summary>Which of its tools a request wants to see called, in the present and in the old form.</summary>
internal static class ToolChoiceFields
{
    /// <summary>Applies a choice to the tools of a request.</summary>
    /// <param name="fields">The request's body.</param>
    /// <param name="name">The field of the choice.</param>
    /// <param name="use">All tools.</param>
    /// <returns><see cref="ToolUse.None"/> if none is to be called.</returns>
    public static ToolUse Apply(JsonFields fields, string name, ToolUse use)
    {
        if (fields.Kind(name, "a string or an object", JsonValueKind.String, JsonValueKind.Object) is not { } choice)
        {
            return use;
        }

        if (choice.ValueKind == JsonValueKind.String)
        {
            return ApplyWord(fields, name, choice.GetString()!, use);
        }

        var inner = new JsonFields(choice, fields.PathOf(name), fields.Errors);
        return name == "function_call" ? Only(inner, use) : ApplyObject(inner, use);
    }

    private static ToolUse ApplyWord(JsonFields fields, string name, string word, ToolUse use)
    {
        switch (word)
        {
            case "none":
                return ToolUse.None;
            case "auto":
                return use;
            case "required" or "any":
                return use.Require(fields, name);
            default:
                fields.Errors.Add(RequestError.BadValue(
                    fields.PathOf(name), $"Invalid value: '{JsonFields.Short(word)}'. Supported values are: 'none', 'auto', and 'required'."));
                return use;
        }
    }

    private static ToolUse ApplyObject(JsonFields choice, ToolUse use)
    {
        switch (choice.RequiredText("type"))
        {
            case "function" or "custom":
                var kind = choice.Text("type")!;
                return choice.RequiredObject(kind) is { } named ? Only(new JsonFields(named, choice.PathOf(kind), choice.Errors), use) : use;
            case "allowed_tools":
                return choice.Object("allowed_tools") is { } allowed ? Restrict(new JsonFields(allowed, choice.PathOf("allowed_tools"), choice.Errors), use) : use;
            case { } other:
                choice.Errors.Add(RequestError.BadValue(
                    choice.PathOf("type"), $"Invalid value: '{JsonFields.Short(other)}'. Supported values are: 'function', 'custom', and 'allowed_tools'."));
                return use;
            default:
                return use;
        }
    }

    private static ToolUse Only(JsonFields named, ToolUse use)
    {
        // As OpenAI: exactly one call of the tool that is named.
        return named.RequiredText("name") is { } name ? use.Only(name).Require(named, "name") with { IsSingle = true } : use;
    }

    private static ToolUse Restrict(JsonFields allowed, ToolUse use)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (allowed.Array("tools") is { } array)
        {
            var index = 0;
            foreach (var item in array.EnumerateArray())
            {
                var path = MessageFields.Item(allowed.PathOf("tools"), index++);
                if (item.ValueKind != JsonValueKind.Object)
                {
                    allowed.Errors.Add(RequestError.WrongType(path, "an object", JsonFields.Describe(item.ValueKind)));
                    continue;
                }

                var tool = new JsonFields(item, path, allowed.Errors);
                var kind = tool.Text("type") ?? "function";
                names.Add(tool.Object(kind) is { } named ? (new JsonFields(named, tool.PathOf(kind), allowed.Errors).RequiredText("name") ?? "") : tool.Text("name") ?? "");
            }
        }

        var tools = use.Tools.RemoveAll(tool => !names.Contains(tool.Name));
        if (tools.IsEmpty && use.Tools.Length > 0)
        {
            allowed.Errors.Add(RequestError.BadValue(allowed.PathOf("tools"), $"Invalid '{allowed.PathOf("tools")}': none of the request's tools is allowed."));
        }

        return use with { Tools = tools, IsRestricted = tools.Length < use.Tools.Length, MustCall = MustCall(allowed) };
    }

    /// <summary>True: the mode of a list of allowed tools demands a call.</summary>
    internal static bool MustCall(JsonFields allowed)
    {
        const string Mode = "mode";
        var mode = allowed.Text(Mode);
        if (mode is not (null or "auto" or "required"))
        {
            allowed.Errors.Add(RequestError.BadValue(
                allowed.PathOf(Mode), $"Invalid value: '{JsonFields.Short(mode)}'. Supported values are: 'auto' and 'required'."));
        }

        return mode == "required";
    }
}
