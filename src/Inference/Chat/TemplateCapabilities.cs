using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat;

/// <summary>What a template wants its input to look like, found out once by <see cref="CapabilityProbe"/>. Immutable.</summary>
internal sealed record TemplateCapabilities
{
    /// <summary>True: the template knows the role <c>developer</c>; otherwise such messages become <c>system</c>.</summary>
    public bool AcceptsDeveloper { get; init; }

    /// <summary>Where system messages are rendered.</summary>
    public SystemSupport System { get; init; }

    /// <summary>True: the template raises unless user and assistant take turns, so neighbours of one role are merged.</summary>
    public bool RequiresAlternation { get; init; }

    /// <summary>Roles whose content the template takes as a list of parts. All others get one text.</summary>
    public ImmutableHashSet<string> TypedRoles { get; init; } = [];

    /// <summary>True: the template takes content only as a list of parts.</summary>
    public bool RequiresParts { get; init; }

    /// <summary>True: arguments of calls are given as JSON text; otherwise as an object, which most templates want.</summary>
    public bool WantsArgumentsAsText { get; init; }

    /// <summary>What the content of an assistant's message is that holds calls and no text.</summary>
    public EmptyContent EmptyContent { get; init; }

    /// <summary>True: the template raises unless ids of calls are nine letters or digits (Mistral).</summary>
    public bool RequiresShortCallIds { get; init; }

    /// <summary>Names under which the template reads an assistant's reasoning.</summary>
    public ImmutableArray<string> ReasoningNames { get; init; } = [];

    /// <summary>True: the template raises on a message with calls that has both text and reasoning, so the text joins the reasoning (gpt-oss).</summary>
    public bool RefusesTextBesideReasoning { get; init; }
}

/// <summary>Where a template renders system messages.</summary>
internal enum SystemSupport
{
    /// <summary>At any place in the conversation.</summary>
    Anywhere,

    /// <summary>Only one, as the first message: others are merged into it.</summary>
    FirstOnly,

    /// <summary>Nowhere: the text goes before that of the first user message.</summary>
    None,
}

/// <summary>The form of a content that is not there.</summary>
internal enum EmptyContent
{
    /// <summary>An empty text.</summary>
    EmptyText,

    /// <summary>None.</summary>
    Null,

    /// <summary>No such key.</summary>
    Missing,
}
