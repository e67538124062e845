using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Grammar;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>Writes calls as grammars: the counterpart of the readers. One use, one thread.</summary>
/// <param name="controlTokens">The model's control tokens by name; true: it ends a generation.</param>
/// <param name="tools">What may be called.</param>
/// <param name="isSingle">True: one call at most.</param>
internal sealed class CallNotation(IReadOnlyDictionary<string, bool> controlTokens, ImmutableArray<CallableTool> tools, bool isSingle)
{
    private static readonly GrammarPart Number = Regex("[0-9]{1,3}");
    private static readonly GrammarPart ShortId = Regex("[a-zA-Z0-9]{9}");

    /// <summary>True: the prompt ends with the opener of a call.</summary>
    public bool IsOpened { get; init; }

    /// <summary>True if a text is a control token's name.</summary>
    public bool IsControl(string text) => controlTokens.ContainsKey(text);

    /// <summary>A marker: a control token if the model has one of that name, else text.</summary>
    public GrammarPart Marker(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return GrammarPart.Nothing;
        }

        // What ends a generation is no part of the grammar: behind its end it may come.
        return !controlTokens.TryGetValue(text, out var isEnd) ? new GrammarPart.Literal(text) : isEnd ? GrammarPart.Nothing : new GrammarPart.ControlToken(text);
    }

    /// <summary>A marker behind a call. One in the form of a control token that the model does not have is not written.</summary>
    public GrammarPart Closing(string? text) => text?.StartsWith("<|", StringComparison.Ordinal) == true && !IsControl(text) && controlTokens.Count > 0 ? GrammarPart.Nothing : Marker(text);

    /// <summary>One or more calls in a notation; null if it cannot be written for these tools.</summary>
    public GrammarPart? Write(CallSyntax syntax) => syntax switch
    {
        EitherCalls either => (either.WritesOther ? Write(either.Other) : null) ?? Write(either.Json),
        JsonCalls json => Write(json),
        NamedCalls named => Write(named),
        TaggedCalls tagged => TaggedNotation.Write(tagged, tools, this),
        _ => null,
    };

    /// <summary>One call as gpt-oss writes it, whose end ends the generation.</summary>
    public GrammarPart WriteHarmony() => GrammarPart.Of(
        Marker(HarmonyMessages.Channel),
        Text("commentary to=functions."),
        Tools(tool => GrammarPart.Of(Text($"{tool.Name} "), Marker(HarmonyMessages.Constrain), Text("json"), Marker(HarmonyMessages.Message), tool.Arguments)),
        Marker(HarmonyMessages.Call));

    /// <summary>One or more of the same.</summary>
    public GrammarPart Several(GrammarPart item, GrammarPart separator) =>
        isSingle ? item : GrammarPart.Of(item, new GrammarPart.Repeat(GrammarPart.Of(separator, item), 0, null));

    /// <summary>Exactly this text.</summary>
    public static GrammarPart Text(string text) => new GrammarPart.Literal(text);

    private static GrammarPart.Embedded Regex(string pattern) => new("id", new GrammarSource { Kind = GrammarKind.Regex, Text = pattern });

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    private GrammarPart Tools(Func<CallableTool, GrammarPart> write) => GrammarPart.AnyOf([.. tools.Select(write)]);

    private GrammarPart Write(JsonCalls syntax)
    {
        var number = syntax.NumberKey is null ? GrammarPart.Nothing : GrammarPart.Of(Text($"{Quoted(syntax.NumberKey)}: \""), Number, Text("\", "));
        var id = syntax.IdKey is null ? GrammarPart.Nothing : GrammarPart.Optional(GrammarPart.Of(Text($", {Quoted(syntax.IdKey)}: \""), ShortId, Text("\"")));
        var call = Tools(tool => syntax.IsNameKey
            ? GrammarPart.Of(Text($"{{{Quoted(tool.Name)}: "), tool.Arguments, Text("}"))
            : GrammarPart.Of(Text("{"), number, Text($"{Quoted(syntax.NameKey)}: {Quoted(tool.Name)}, {Quoted(syntax.ArgumentsKey)}: "), tool.Arguments, id, Text("}")));
        if (syntax.WritesBare)
        {
            return Several(call, Text("; "));
        }

        var (open, close) = (GrammarPart.Of(Marker(syntax.Open), Text(syntax.Space)), GrammarPart.Of(Text(syntax.Space), Closing(syntax.Close)));
        return syntax.IsList
            ? GrammarPart.Of(open, Text("[" + syntax.Indent), Several(call, Text(syntax.Indent.Length == 0 ? ", " : "," + syntax.Indent)), Text(syntax.Indent.Length == 0 ? "]" : "\n]"), close)
            : Several(GrammarPart.Of(open, call, close), Text(syntax.Close is null ? "" : syntax.Space));
    }

    private GrammarPart Write(NamedCalls syntax)
    {
        var id = syntax.HeadSeparator is null ? GrammarPart.Nothing
            : syntax.Head == CallHead.IdThenName ? GrammarPart.Of(ShortId, Marker(syntax.HeadSeparator))
            : GrammarPart.Optional(GrammarPart.Of(Marker(syntax.HeadSeparator), ShortId));
        GrammarPart Head(CallableTool tool) => syntax.Head switch
        {
            CallHead.IdThenName => GrammarPart.Of(id, Text(tool.Name), Marker(syntax.ArgumentsOpen)),
            CallHead.NumberedName => GrammarPart.Of(Text($"functions.{tool.Name}:"), Number, Marker(syntax.ArgumentsOpen)),
            CallHead.NameOrType when syntax.IsFenced => GrammarPart.Of(Text("function"), Marker(syntax.ArgumentsOpen), Text($"{tool.Name}\n```json\n")),
            _ => GrammarPart.Of(Text(tool.Name), id, Marker(syntax.ArgumentsOpen)),
        };

        var rest = GrammarPart.Of(Tools(tool => GrammarPart.Of(Head(tool), tool.Arguments)), Text(syntax.IsFenced ? "\n```" : ""), Marker(syntax.Close));
        var call = GrammarPart.Of(Marker(syntax.Open), rest);
        var separator = Text(syntax.IsFenced ? "\n" : "");
        if (IsOpened && !isSingle)
        {
            return GrammarPart.Of(rest, new GrammarPart.Repeat(GrammarPart.Of(separator, call), 0, null));
        }

        return GrammarPart.Of(Marker(syntax.SectionOpen), Several(IsOpened ? rest : call, separator), Marker(syntax.SectionClose));
    }
}
