using System.Collections.Immutable;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>A grammar for a model's whole output, in the model's own notation of thoughts and calls.</summary>
/// <param name="Source">The grammar; not checked.</param>
/// <param name="Format">The format to read the output with: its calls are those that the grammar has.</param>
public sealed record ChatGrammar(GrammarSource Source, ChatFormat Format)
{
    private static readonly GrammarPart LineBreaks = new GrammarPart.Repeat(new GrammarPart.Literal("\n"), 0, 3);

    /// <summary>Puts it together.</summary>
    /// <param name="format">The model's format.</param>
    /// <param name="prompt">The rendered prompt: whether the output begins within a thought shows at its end.</param>
    /// <param name="controlTokens">The model's control tokens by name; true: it ends a generation.</param>
    /// <param name="constraint">What the answer has to be.</param>
    public static ChatGrammar Of(ChatFormat format, PromptText prompt, IReadOnlyDictionary<string, bool> controlTokens, ChatConstraint constraint)
    {
        var notation = new CallNotation(controlTokens, constraint.Tools, constraint.IsSingleCall) { IsOpened = format.OpensCall(prompt) };
        if (format.Calls.OfType<HarmonyMessages>().FirstOrDefault() is not null)
        {
            return new ChatGrammar(GrammarSource.Of(Harmony(notation, prompt, format, constraint)), format);
        }

        if (constraint.Tools.IsEmpty)
        {
            return new ChatGrammar(GrammarSource.Of(Join(Thought(format, prompt, notation), Content(format, constraint, notation, []))), format);
        }

        var calls = format.ToolsVariable is null ? null : format.Calls.Select(notation.Write).FirstOrDefault(part => part is not null);
        if (calls is null)
        {
            // The model was asked for the generic notation, or its own has no grammar for these tools.
            format = format with { Calls = ChatFormats.Generic.Calls };
            calls = notation.Write(format.Calls[0])!;
        }

        if (!constraint.MustCall)
        {
            // An object at the start would be read as a call, and yet it would be a text to the grammar.
            var isTextAmbiguous = constraint.Content is null && format.Calls.Any(call => call.BareOpener is not null);
            var openers = format.Calls.SelectMany(call => call.Openers).Where(opener => !notation.IsControl(opener)).ToImmutableArray();
            if (isTextAmbiguous && !openers.IsEmpty)
            {
                format = format with { Calls = [.. format.Calls.Select(call => call is JsonCalls json ? json with { IsBareAllowed = false } : call)] };
                isTextAmbiguous = false;
            }

            var text = isTextAmbiguous ? NoObject : Content(format, constraint, notation, openers);
            calls = constraint.Content is null ? Join(text, GrammarPart.Optional(calls)) : GrammarPart.AnyOf(text, calls);
            if (isTextAmbiguous)
            {
                calls = GrammarPart.AnyOf(text, notation.Write(format.Calls[0])!);
            }
        }

        return new ChatGrammar(GrammarSource.Of(Join(Thought(format, prompt, notation), calls)), format);
    }

    private static readonly ImmutableArray<string> HarmonyMarkers = [.. new HarmonyMessages().Markers];

    // Any text that does not begin as an object does.
    private static GrammarPart NoObject => new GrammarPart.Embedded("text", new GrammarSource { Kind = GrammarKind.Regex, Text = @"(\s*[^{\s][\s\S]*)?" });

    private static GrammarPart Thought(ChatFormat format, PromptText prompt, CallNotation notation)
    {
        if (format.Reasoning is not { } markers || format.ClosesReasoning(prompt))
        {
            return GrammarPart.Nothing;
        }

        // Where a call ends a thought, its opener in the middle of one would begin a call.
        ImmutableArray<string> openers = format.CallEndsReasoning ? [.. format.Calls.SelectMany(call => call.Openers)] : [];
        var rest = GrammarPart.Of(FreeText(notation, [markers.End, .. openers]), notation.Marker(markers.End), LineBreaks);
        return format.OpensReasoning(prompt) ? rest
            : markers.IsInTemplate ? GrammarPart.Optional(GrammarPart.Of(LineBreaks, notation.Marker(markers.Start), rest))
            : GrammarPart.Nothing;
    }

    private static GrammarPart Content(ChatFormat format, ChatConstraint constraint, CallNotation notation, ImmutableArray<string> openers)
    {
        var text = (GrammarPart?)constraint.Content ?? FreeText(notation, openers);

        // Markers around the answer come in pairs.
        var markers = format.Dropped.Where(notation.IsControl).ToArray();
        return markers.Length < 2
            ? text
            : GrammarPart.Of(Any(markers.Where((_, index) => index % 2 == 0)), text, Any(markers.Where((_, index) => index % 2 == 1)));

        GrammarPart Any(IEnumerable<string> names) => GrammarPart.Optional(GrammarPart.AnyOf([.. names.Select(notation.Marker)]));
    }

    private static GrammarPart Harmony(CallNotation notation, PromptText prompt, ChatFormat format, ChatConstraint constraint)
    {
        var thought = GrammarPart.Of(
            notation.Marker(HarmonyMessages.Channel), new GrammarPart.Literal("analysis"), notation.Marker(HarmonyMessages.Message),
            FreeText(notation, HarmonyMarkers), notation.Marker(HarmonyMessages.End), notation.Marker(HarmonyMessages.Start), new GrammarPart.Literal("assistant"));
        var text = GrammarPart.Of(
            notation.Marker(HarmonyMessages.Channel), new GrammarPart.Literal("final"), notation.Marker(HarmonyMessages.Message),
            (GrammarPart?)constraint.Content ?? FreeText(notation, HarmonyMarkers));
        var answer = constraint.Tools.IsEmpty ? text
            : constraint.MustCall ? notation.WriteHarmony()
            : GrammarPart.AnyOf(text, notation.WriteHarmony());
        var whole = GrammarPart.Of(GrammarPart.Optional(thought), answer);

        // Behind another header than the usual one the model begins with its own.
        return format.OpensCall(prompt) ? whole
            : GrammarPart.Of(GrammarPart.Optional(GrammarPart.Of(notation.Marker(HarmonyMessages.Start), new GrammarPart.Literal("assistant"))), whole);
    }

    private static GrammarPart.FreeText FreeText(CallNotation notation, ImmutableArray<string> excluded) =>
        new([.. excluded.Where(text => !notation.IsControl(text))]);

    private static GrammarPart Join(GrammarPart first, GrammarPart second) => first == GrammarPart.Nothing ? second : GrammarPart.Of(first, second);
}
