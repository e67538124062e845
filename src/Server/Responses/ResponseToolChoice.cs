using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>Reads <c>tool_choice</c>: which of its tools a request wants to see called.</summary>
/// <param name="names">The tools' names.</param>
internal sealed class ResponseToolChoice(ToolNames names)
{
    /// <summary>Applies the choice to the tools of a request.</summary>
    /// <param name="fields">The body.</param>
    /// <param name="use">All tools.</param>
    /// <returns><see cref="ToolUse.None"/> if none is to be called.</returns>
    public ToolUse Apply(JsonFields fields, ToolUse use) => ToolChoiceFields.Apply(fields, "tool_choice", use, ApplyObject);

    private ToolUse ApplyObject(JsonFields choice, ToolUse use)
    {
        switch (choice.RequiredText("type"))
        {
            case null:
                return use;
            case "function" or "custom":
                return choice.RequiredText("name") is { } name
                    ? (use with { Tools = use.Tools.RemoveAll(tool => NameOf(tool.Name) != name), IsSingle = true }).Require(choice, "name")
                    : use;
            case "allowed_tools":
                return ToolChoiceFields.Restrict(choice, use, NameOf);
            case { } hosted:
                choice.Errors.Add(RequestError.UnsupportedValue(
                    choice.PathOf("type"), $"'{choice.PathOf("type")}' of '{JsonFields.Short(hosted)}' is not supported: this server runs no tools."));
                return use;
        }
    }

    private string NameOf(string modelName) => names.FromModel(modelName).Name;
}
