using System.Collections.Immutable;
using System.Text.Json;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>
/// Recognises a model's format. What a template makes of a call tells more than its source, which may name markers of others in
/// comments and in text about them; but not every template renders calls.
/// </summary>
internal static class ChatFormatDetector
{
    // A word that no template contains.
    private const string ToolName = "qtoolq";

    // The name in use, and the one by which SmolLM3 takes tools for calls in JSON.
    private static readonly ImmutableArray<string> ToolsVariables = [ChatFormat.StandardToolsVariable, "xml_tools"];

    private static readonly ImmutableArray<ReasoningMarkers> Thoughts =
        [.. ChatFormats.All.Select(format => format.Reasoning).OfType<ReasoningMarkers>().Append(new ReasoningMarkers("<mm:think>", "</mm:think>")).Distinct()];

    private static readonly JsonElement Tools = JsonElement.Parse(
        """[{"type": "function", "function": {"name": "qtoolq", "description": "q", "parameters": {"type": "object", "properties": {"a": {"type": "string", "description": "q"}}, "required": []}}}]""");

    public static ChatFormat Detect(ChatTemplate template)
    {
        var variable = ToolsVariables.FirstOrDefault(name => Render(template, [User], name)?.Contains(ToolName, StringComparison.Ordinal) == true);
        var found = Find(RenderedCall(template)) ?? Find(variable is null ? null : Render(template, [User], variable)) ?? Find(template.Source);
        var format = found ?? ChatFormats.Generic;
        if (found is not null && variable is null)
        {
            // The model may write its own form although it is asked for the generic one.
            format = found with { Calls = [.. found.Calls, .. ChatFormats.Generic.Calls.Where(call => !call.Openers.Any(found.Calls.SelectMany(own => own.Openers).Contains))] };
        }

        return format with
        {
            ToolsVariable = variable,
            Calls = ChatFormats.Adapt(format.Calls, template.Source),
            Reasoning = Reasoning(format, template.Source),
        };
    }

    // The call as the template writes it, without what it writes of tools and roles.
    private static string? RenderedCall(ChatTemplate template)
    {
        var call = new ChatMessage { Role = "assistant", ToolCalls = [new ChatToolCall("abcdef123", ToolName, """{"a": "b"}""")] };
        var rendered = Render(template, [User, call, new ChatMessage { Role = "tool", Content = "c", ToolCallId = "abcdef123" }], variable: null);
        return rendered is not null && rendered.Contains(ToolName, StringComparison.Ordinal) ? rendered : null;
    }

    private static ChatFormat? Find(string? text) => text is null
        ? null
        : ChatFormats.All.FirstOrDefault(format => format.Signature.All(marker => text.Contains(marker, StringComparison.Ordinal)));

    private static ReasoningMarkers? Reasoning(ChatFormat format, string source)
    {
        if (format.Reasoning is null)
        {
            return null;
        }

        var inTemplate = Thoughts.Prepend(format.Reasoning).FirstOrDefault(markers => source.Contains(markers.End, StringComparison.Ordinal));
        return inTemplate is null ? format.Reasoning : inTemplate with { IsInTemplate = true };
    }

    private static ChatMessage User => new() { Role = "user", Content = "q" };

    private static string? Render(ChatTemplate template, ImmutableArray<ChatMessage> messages, string? variable)
    {
        var prompt = new ChatPrompt
        {
            Messages = messages,
            Tools = variable == ToolsVariables[0] ? [.. Tools.EnumerateArray()] : [],
            Variables = variable is null || variable == ToolsVariables[0]
                ? null
                : new Dictionary<string, JsonElement> { [variable] = Tools },
        };
        try
        {
            return template.Render(prompt).ToString();
        }
        catch (TemplateException)
        {
            return null;
        }
    }
}
