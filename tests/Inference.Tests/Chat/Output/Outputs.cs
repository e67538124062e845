using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Chat.Output;
using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Tests.Chat.Output;

/// <summary>Feeds outputs to parsers in pieces.</summary>
internal static class Outputs
{
    public static readonly ImmutableArray<JsonElement> Tools =
    [
        .. JsonElement.Parse(
            """
            [
              {"type": "function", "function": {"name": "get_w", "parameters": {"type": "object", "properties": {
                "city": {"type": "string"}, "days": {"type": "integer"}, "hourly": {"type": "boolean"}, "opts": {"type": "object"},
                "list": {"type": "array"}, "note": {"type": ["string", "null"]}, "any": {}}}}},
              {"type": "function", "function": {"name": "ping"}}
            ]
            """).EnumerateArray(),
    ];

    public static ChatFormat Format(string name, bool isThoughtInTemplate = false)
    {
        var format = name == "generic" ? ChatFormats.Generic : ChatFormats.All.First(format => format.Name == name);
        return format with { Reasoning = isThoughtInTemplate && format.Reasoning is { } markers ? markers with { IsInTemplate = true } : format.Reasoning };
    }

    /// <summary>The events, deltas joined.</summary>
    public static List<ChatOutputEvent> Parse(ChatFormat format, IEnumerable<(string Text, bool IsControl)> pieces, string promptEnd = "", ImmutableArray<JsonElement>? tools = null)
    {
        var parser = new ChatOutputParser(format, tools ?? Tools, PromptText.Trusted(promptEnd), new Random(1));
        var events = new List<ChatOutputEvent>();
        foreach (var (text, isControl) in pieces)
        {
            parser.Feed(text, isControl, events);
        }

        parser.Finish(events);
        return Join(events);
    }

    public static List<ChatOutputEvent> Parse(ChatFormat format, string output, string promptEnd = "", ImmutableArray<JsonElement>? tools = null) =>
        Parse(format, [(output, false)], promptEnd, tools);

    public static ChatReply Reply(IEnumerable<ChatOutputEvent> events)
    {
        var reply = new ChatReply();
        foreach (var item in events)
        {
            reply.Add(item);
        }

        return reply;
    }

    /// <summary>Pieces of text whose bytes were cut at the given places.</summary>
    public static IEnumerable<(string Text, bool IsControl)> CutAt(string output, params IEnumerable<int> places)
    {
        var bytes = Encoding.UTF8.GetBytes(output);
        var detokenizer = new IncrementalDetokenizer();
        var start = 0;
        foreach (var place in places.Append(bytes.Length))
        {
            yield return (detokenizer.Append(bytes.AsSpan(start, place - start)), false);
            start = place;
        }

        yield return (detokenizer.Flush(), false);
    }

    /// <summary>One line that shows everything of a list of events, but ids that were made up.</summary>
    public static string Describe(IEnumerable<ChatOutputEvent> events) => string.Join(' ', events.Select(item => item.Kind switch
    {
        ChatOutputKind.CallStarted => $"Started({item.CallIndex}, {item.CallName})",
        ChatOutputKind.CallEnded or ChatOutputKind.CallCut or ChatOutputKind.ContentWasReasoning => $"{item.Kind}",
        _ => $"{item.Kind}({item.Text})",
    }));

    private static List<ChatOutputEvent> Join(List<ChatOutputEvent> events)
    {
        var joined = new List<ChatOutputEvent>();
        foreach (var item in events)
        {
            var isDelta = item.Kind is ChatOutputKind.Content or ChatOutputKind.Reasoning or ChatOutputKind.CallArguments;
            if (isDelta && joined.Count > 0 && joined[^1].Kind == item.Kind)
            {
                joined[^1] = joined[^1] with { Text = joined[^1].Text + item.Text, End = item.End };
            }
            else
            {
                joined.Add(item);
            }
        }

        return joined;
    }
}
