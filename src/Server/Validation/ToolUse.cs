using System.Collections.Immutable;

namespace InferenceServer.Server.Validation;

/// <summary>What an answer may or must call.</summary>
internal sealed record ToolUse
{
    /// <summary>Nothing can be called.</summary>
    public static readonly ToolUse None = new();

    /// <summary>What may be called; what the prompt shows may be more.</summary>
    public ImmutableArray<RequestedTool> Tools { get; init; } = [];

    /// <summary>True: the answer is calls.</summary>
    public bool MustCall { get; init; }

    /// <summary>True: some tools that the prompt shows may not be called.</summary>
    public bool IsRestricted { get; init; }

    /// <summary>True: one call at most.</summary>
    public bool IsSingle { get; init; }

    /// <summary>True: asked for in the old words (functions), and so to be answered.</summary>
    public bool UsesFunctions { get; init; }

    /// <summary>True: calls are constrained.</summary>
    public bool IsConstrained => MustCall || IsRestricted || Tools.Any(tool => tool.IsStrict);

    /// <summary>True for a tool that takes a free text.</summary>
    public bool IsCustom(string name) => Tools.Any(tool => tool.IsCustom && tool.Name == name);

    /// <summary>The same, but only this tool may be called.</summary>
    public ToolUse Only(string name) => this with { Tools = Tools.RemoveAll(tool => tool.Name != name) };

    /// <summary>The same, but something has to be called; an error if there is nothing.</summary>
    /// <param name="fields">The object that demands it.</param>
    /// <param name="name">Its field that does.</param>
    public ToolUse Require(JsonFields fields, string name)
    {
        if (Tools.IsEmpty)
        {
            fields.Errors.Add(RequestError.BadValue(fields.PathOf(name), $"Invalid '{fields.PathOf(name)}': there is no such tool to call."));
        }

        return this with { MustCall = true };
    }
}
