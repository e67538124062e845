using System.Text.Json;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>Reads <c>tool_choice</c>: which of its tools a request wants to see called.</summary>
internal static class ResponseToolChoice
{
    private const string Name = "tool_choice";

    /// <summary>Applies the choice to the tools of a request.</summary>
    /// <param name="fields">The body.</param>
    /// <param name="use">All tools.</param>
    /// <param name="names">Their names.</param>
    /// <returns><see cref="ToolUse.None"/> if none is to be called.</returns>
    public static ToolUse Apply(JsonFields fields, ToolUse use, ToolNames names)
    {
        if (fields.Kind(Name, "a string or an object", JsonValueKind.String, JsonValueKind.Object) is not { } choice)
        {
            return use;
        }

        return choice.ValueKind == JsonValueKind.String
            ? ApplyWord(fields, choice.GetString()!, use)
            : ApplyObject(new JsonFields(choice, fields.PathOf(Name), fields.Errors), use, names);
    }

    private static ToolUse ApplyWord(JsonFields fields, string word, ToolUse use)
    {
        switch (word)
        {
            case "none":
                return ToolUse.None;
            case "auto":
                return use;
            case "required" or "any":
                return use.Require(fields, Name);
            default:
                fields.Errors.Add(RequestError.BadValue(
                    fields.PathOf(Name), $"Invalid value: '{JsonFields.Short(word)}'. Supported values are: 'none', 'auto' and 'required'."));
                return use;
        }
    }

    private static ToolUse ApplyObject(JsonFields choice, ToolUse use, ToolNames names)
    {
        switch (choice.RequiredText("type"))
        {
            case null:
                return use;
            case "function" or "custom":
                return choice.RequiredText("name") is { } name
                    ? Keep(use, names, [name]).Require(choice, "name") with { IsSingle = true }
                    : use;
            case "allowed_tools":
                return Restrict(choice, use, names);
            case { } hosted:
                choice.Errors.Add(RequestError.UnsupportedValue(
                    choice.PathOf("type"), $"'{choice.PathOf("type")}' of '{JsonFields.Short(hosted)}' is not supported: this server runs no tools."));
                return use;
        }
    }

    private static ToolUse Restrict(JsonFields choice, ToolUse use, ToolNames names)
    {
        var allowed = new HashSet<string>(StringComparer.Ordinal);
        if (choice.Array("tools") is { } array)
        {
            var index = 0;
            foreach (var item in array.EnumerateArray())
            {
                var path = MessageFields.Item(choice.PathOf("tools"), index++);
                if (item.ValueKind != JsonValueKind.Object)
                {
                    choice.Errors.Add(RequestError.WrongType(path, "an object", JsonFields.Describe(item.ValueKind)));
                }
                else
                {
                    var tool = new JsonFields(item, path, choice.Errors);
                    tool.Text("type");
                    allowed.Add(tool.Text("name") ?? "");
                }
            }
        }

        // The prompt shows them all, so that its beginning stays the same whatever is allowed in a turn.
        var kept = Keep(use, names, allowed);
        kept = kept with { IsRestricted = kept.Tools.Length < use.Tools.Length };
        return ToolChoiceFields.MustCall(choice) ? kept.Require(choice, "tools")
            : kept.Tools.IsEmpty ? ToolUse.None
            : kept;
    }

    private static ToolUse Keep(ToolUse use, ToolNames names, HashSet<string> wanted) =>
        use with { Tools = use.Tools.RemoveAll(tool => !wanted.Contains(names.FromModel(tool.Name).Name)) };
}
