using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>How a model writes thoughts, answers and calls: data for <see cref="ChatOutputParser"/>. Immutable; any thread.</summary>
public sealed record ChatFormat
{
    internal ChatFormat(string name) => Name = name;

    /// <summary>The template's variable for tools that nearly all have.</summary>
    internal const string StandardToolsVariable = "tools";

    /// <summary>Short name for logs.</summary>
    public string Name { get; }

    /// <summary>
    /// The template's variable for tools: <c>tools</c> for most. Null: the template ignores tools, so <see cref="GenericTools"/>
    /// must put them into the conversation.
    /// </summary>
    public string? ToolsVariable { get; internal init; } = StandardToolsVariable;

    /// <summary>What must all be in a rendered call, or in the template's source, for this format to be it.</summary>
    internal ImmutableArray<string> Signature { get; init; } = [];

    /// <summary>The ways in which calls may be written.</summary>
    internal ImmutableArray<CallSyntax> Calls { get; init; } = [];

    /// <summary>Markers of thoughts; null if the syntax of the messages tells them apart.</summary>
    internal ReasoningMarkers? Reasoning { get; init; } = ReasoningMarkers.Think;

    /// <summary>Markers that end a thought, if there is no <see cref="Reasoning"/>.</summary>
    internal ImmutableArray<string> ReasoningEnds { get; init; } = [];

    /// <summary>Markers around the answer, which are no text of it.</summary>
    internal ImmutableArray<string> Dropped { get; init; } = [];

    /// <summary>True: <see cref="Dropped"/> are ordinary text that parts the answer from a thought, and nothing else without one.</summary>
    internal bool DropsOnlyAfterReasoning { get; init; }

    /// <summary>True: the opener of a call ends a thought that was not ended.</summary>
    internal bool CallEndsReasoning { get; init; }

    /// <summary>The end of the generation prompt behind which the model writes the head of a call or message at once; null if there is none.</summary>
    internal string? PromptOpener { get; init; }

    /// <summary>The ids that we make up.</summary>
    internal CallIdForm IdForm { get; init; }

    /// <summary>Recognises the format of a model by rendering a call with its template, and by the template's source.</summary>
    public static ChatFormat Detect(ChatTemplate template) => ChatFormatDetector.Detect(template);

    /// <summary>Puts a prompt's tools where the template looks for them, or where it does not look, into the messages.</summary>
    public ChatPrompt ShowTools(ChatPrompt prompt)
    {
        if (ToolsVariable is null)
        {
            return GenericTools.Apply(prompt);
        }

        if (ToolsVariable == StandardToolsVariable || prompt.Tools.IsEmpty)
        {
            return prompt;
        }

        var variables = new Dictionary<string, JsonElement>(prompt.Variables ?? ImmutableDictionary<string, JsonElement>.Empty, StringComparer.Ordinal);
        variables.TryAdd(ToolsVariable, JsonElement.Parse($"[{string.Join(',', prompt.Tools.Select(tool => tool.GetRawText()))}]"));
        return prompt with { Tools = [], Variables = variables };
    }

    /// <summary>The format for answers in which thoughts are part of the text.</summary>
    public ChatFormat WithThoughtsInText() => this with { Reasoning = null };

    /// <summary>The end of a thought with what models write around it; null if thoughts are not told apart.</summary>
    public string? ThoughtEnd => Reasoning is not null ? $"\n{Reasoning.End}\n\n" : ReasoningEnds is [var end, ..] ? end : null;

    /// <summary>The thought that may come behind a prompt; null if none will.</summary>
    public ThoughtMarkers? FindThought(PromptText prompt) =>
        Reasoning is null ? ReasoningEnds is [var end, ..] ? new ThoughtMarkers(IsOpen: false, HarmonyMessages.ThoughtStart, end) : null
        : ClosesReasoning(prompt) ? null
        : new ThoughtMarkers(OpensReasoning(prompt), Reasoning.Start, Reasoning.End);

    /// <summary>A prompt that ends within a thought, with that thought ended; other prompts as they are.</summary>
    public PromptText CloseThought(PromptText prompt) => OpensReasoning(prompt)
        ? prompt with { Segments = prompt.Segments.SetItem(prompt.Segments.Length - 1, new PromptSegment(prompt.Segments[^1].Text.TrimEnd() + ThoughtEnd, FromTemplate: true)) }
        : prompt;

    /// <summary>True: a prompt ends within a thought that the template opened, so that the output starts in the middle of it.</summary>
    internal bool OpensReasoning(PromptText prompt) => Reasoning is not null && EndsWith(prompt, Reasoning.Start);

    /// <summary>True: a prompt ends with a thought that is over, so that no end of one will follow.</summary>
    internal bool ClosesReasoning(PromptText prompt) => Reasoning is not null && EndsWith(prompt, Reasoning.End);

    internal bool OpensCall(PromptText prompt) => PromptOpener is not null && EndsWith(prompt, PromptOpener);

    // Only what the template wrote counts: a user may end with anything.
    private static bool EndsWith(PromptText prompt, string marker) =>
        prompt.Segments is [.., { FromTemplate: true } last] && last.Text.AsSpan().TrimEnd().EndsWith(marker, StringComparison.Ordinal);
}
