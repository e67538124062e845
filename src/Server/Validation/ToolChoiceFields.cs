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
    public static ToolUse Apply(JsonFields fields, string name, ToolUse use) => Apply(fields, name, use, name == "function_call" ? Only : ApplyObject);

    /// <summary>Keeps the tools that a list allows. The prompt shows them all, so that its beginning stays the same whatever is allowed in a turn.</summary>
    /// <param name="allowed">The object with the list, <c>tools</c>, and its <c>mode</c>.</param>
    /// <param name="use">All tools.</param>
    /// <param name="nameOf">What the client calls a tool, by its name in <paramref name="use"/>.</param>
    /// <returns><see cref="ToolUse.None"/> if nothing is left that may be called; an error if something must be.</returns>
    internal static ToolUse Restrict(JsonFields allowed, ToolUse use, Func<string, string> nameOf)
    {
        const string List = "tools";
        allowed.Require(List);
        var names = allowed.Objects(List).Select(ReadName).ToHashSet(StringComparer.Ordinal);
        var kept = use with { Tools = use.Tools.RemoveAll(tool => !names.Contains(nameOf(tool.Name))) };
        kept = kept with { IsRestricted = kept.Tools.Length < use.Tools.Length };
        return ReadMustCall(allowed) ? kept.Require(allowed, List)
            : kept.Tools.IsEmpty ? ToolUse.None
            : kept;
    }

    /// <summary>Applies a choice that is a word; one that is an object is left to <paramref name="applyObject"/>.</summary>
    internal static ToolUse Apply(JsonFields fields, string name, ToolUse use, Func<JsonFields, ToolUse, ToolUse> applyObject)
    {
        if (fields.Kind(name, "a string or an object", JsonValueKind.String, JsonValueKind.Object) is not { } choice)
        {
            return use;
        }

        return choice.ValueKind == JsonValueKind.String
            ? ApplyWord(fields, name, choice.GetString()!, use)
            : applyObject(new JsonFields(choice, fields.PathOf(name), fields.Errors), use);
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
                return choice.Object("allowed_tools") is { } allowed ? Restrict(new JsonFields(allowed, choice.PathOf("allowed_tools"), choice.Errors), use, name => name) : use;
            case { } other:
                choice.Errors.Add(RequestError.BadValue(
                    choice.PathOf("type"), $"Invalid value: '{JsonFields.Short(other)}'. Supported values are: 'function', 'custom', and 'allowed_tools'."));
                return use;
            default:
                return use;
        }
    }

    // As OpenAI: exactly one call of the tool that is named.
    private static ToolUse Only(JsonFields named, ToolUse use) =>
        named.RequiredText("name") is { } name ? use.Only(name).Require(named, "name") with { IsSingle = true } : use;

    // The name stands in an object called after the kind, or beside it.
    private static string ReadName(JsonFields tool)
    {
        var kind = tool.Text("type") is "custom" ? "custom" : "function";
        return tool.Object(kind) is { } inner
            ? new JsonFields(inner, tool.PathOf(kind), tool.Errors).RequiredText("name") ?? ""
            : tool.Text("name") ?? "";
    }

    private static bool ReadMustCall(JsonFields allowed)
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
