namespace InferenceServer.Server.Responses;

/// <summary>
/// The tools of a request by what the model calls them: templates know functions with plain names only, so custom tools and those
/// of namespaces are shown as such and told apart again in the answer. Immutable once read.
/// </summary>
internal sealed class ToolNames
{
    private readonly Dictionary<string, Tool> _byModelName = new(StringComparer.Ordinal);
    private readonly Dictionary<(string? Namespace, string Name), string> _modelNames = [];

    /// <summary>Adds a tool and returns what the model is to call it.</summary>
    /// <param name="space">Its namespace; null if it has none.</param>
    /// <param name="name">Its name there.</param>
    /// <param name="isCustom">It takes a text instead of arguments.</param>
    public string Add(string? space, string name, bool isCustom)
    {
        // As it is, unless another namespace has one of the same name.
        var modelName = _byModelName.ContainsKey(name) && space is not null ? $"{space}__{name}" : name;
        _byModelName[modelName] = new Tool(space, name, isCustom);
        _modelNames[(space, name)] = modelName;
        return modelName;
    }

    /// <summary>What the model calls a tool; its own name if the request does not offer it.</summary>
    public string ToModel(string? space, string name) => _modelNames.GetValueOrDefault((space, name), name);

    /// <summary>The tool that the model means; one without a namespace if the request does not offer it.</summary>
    public Tool FromModel(string name) => _byModelName.TryGetValue(name, out var tool) ? tool : new Tool(null, name, IsCustom: false);

    /// <summary>A tool as the request has it.</summary>
    /// <param name="Namespace">Its namespace; null if it has none.</param>
    /// <param name="Name">Its name there.</param>
    /// <param name="IsCustom">It takes a text instead of arguments.</param>
    internal readonly record struct Tool(string? Namespace, string Name, bool IsCustom);
}
