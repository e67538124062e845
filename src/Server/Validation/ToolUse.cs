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
}
