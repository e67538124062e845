using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>
/// Reads <c>tools</c>. Agents offer the tools that run on OpenAI's servers to everybody and go on without; these are left out, and
/// so are the grammars of custom tools in a syntax that is not known here, unless such a tool is strict or must be called.
/// <see cref="ResponseToolChoice"/> refuses what is asked for and not there.
/// </summary>
/// <param name="fields">The body.</param>
internal sealed class ResponseTools(JsonFields fields)
{
    private readonly ImmutableArray<JsonElement>.Builder _shown = ImmutableArray.CreateBuilder<JsonElement>();
    private readonly ImmutableArray<RequestedTool>.Builder _tools = ImmutableArray.CreateBuilder<RequestedTool>();
    private readonly HashSet<string> _skipped = new(StringComparer.Ordinal);

    // What was wrong with the grammar of a tool that goes without it, by the model's name for the tool.
    private readonly Dictionary<string, RequestError> _unenforced = new(StringComparer.Ordinal);

    /// <summary>Their names.</summary>
    public ToolNames Names { get; } = new();

    /// <summary>What was left out: kinds of tools, syntaxes of grammars.</summary>
    public ImmutableArray<string> Skipped => [.. _skipped];

    /// <summary>The tools to show to the template, in the form it is made for, none if the choice says so; and what may be called.</summary>
    public (ImmutableArray<JsonElement> Shown, ToolUse Use) Read()
    {
        foreach (var tool in fields.Objects("tools"))
        {
            ReadTool(tool, space: null);
        }

        var use = new ToolUse { Tools = _tools.ToImmutable(), IsSingle = fields.Flag("parallel_tool_calls") == false };
        var chosen = new ResponseToolChoice(Names).Apply(fields, use);
        foreach (var tool in chosen.MustCall ? chosen.Tools : [])
        {
            if (_unenforced.TryGetValue(tool.Name, out var error))
            {
                fields.Errors.Add(error);
            }
        }

        return chosen == ToolUse.None ? ([], chosen) : (_shown.ToImmutable(), chosen);
    }

    private void ReadTool(JsonFields tool, string? space)
    {
        switch (tool.RequiredText("type"))
        {
            case null:
                break;
            case "function":
                ReadFunction(tool, space);
                break;
            case "custom":
                ReadCustom(tool, space);
                break;
            case "namespace" when space is null:
                var name = tool.RequiredText("name");
                foreach (var inner in tool.Objects("tools"))
                {
                    ReadTool(inner, name ?? "");
                }

                break;
            case { } other:
                _skipped.Add(JsonFields.Short(other));
                break;
        }
    }

    private void ReadFunction(JsonFields tool, string? space)
    {
        var description = tool.Text("description");
        var parameters = tool.Object("parameters");
        var strict = tool.Flag("strict");
        if (tool.RequiredText("name") is { } name)
        {
            var modelName = Names.Add(space, name, isCustom: false);
            _tools.Add(RequestedTool.Function(modelName, parameters, strict ?? false, tool.PathOf("parameters")));
            _shown.Add(ShownTool.OfFunction(modelName, description, parameters, strict));
        }
    }

    private void ReadCustom(JsonFields tool, string? space)
    {
        var description = tool.Text("description");
        var isStrict = tool.Flag("strict") == true;
        RequestError? unknown = null;
        var pattern = CustomToolFields.ReadPattern(tool, holder: null, error => unknown = error);
        if (tool.RequiredText("name") is { } name)
        {
            var modelName = Names.Add(space, name, isCustom: true);
            Weaken(modelName, isStrict, unknown);
            _tools.Add(RequestedTool.Custom(modelName, pattern, tool.PathOf("format")));
            _shown.Add(ShownTool.OfCustom(modelName, description));
        }
    }

    private void Weaken(string modelName, bool isStrict, RequestError? unknown)
    {
        if (unknown is null)
        {
            return;
        }

        if (isStrict)
        {
            fields.Errors.Add(unknown);
            return;
        }

        _skipped.Add($"grammar of {modelName}");
        _unenforced[modelName] = unknown;
    }
}
