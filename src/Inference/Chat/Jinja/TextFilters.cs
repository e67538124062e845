namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Filters on text. What is no text is printed first, as jinja2 does.</summary>
internal static class TextFilters
{
    private static readonly TextValue Space = TextValue.OfTemplate(" ");

    private delegate Value TextFilter(TextValue text, Arguments arguments, RenderBudget budget);

    public static void AddTo(Dictionary<string, Filter> filters)
    {
        Add("upper", (text, _, budget) => TextCase.Upper(text, budget));
        Add("lower", (text, _, _) => TextCase.Lower(text));
        Add("title", (text, _, _) => TextCase.TitleWords(text));
        Add("capitalize", (text, _, _) => TextCase.Capitalize(text));
        Add("trim", (text, arguments, _) => TextSearch.Trim(text, arguments.Bind("trim", "chars").OptionalText(0), atStart: true, atEnd: true));
        Add("replace", Replace);
        Add("indent", Indent);
        Add("escape", (text, _, budget) => text.Escaped(budget));
        Add("e", (text, _, budget) => text.Escaped(budget));
        Add("forceescape", (text, _, budget) => text.Escaped(budget));
        Add("center", (text, arguments, budget) => TextSearch.Center(text, arguments.Bind("center", "width").Integer(0, 80), Space, budget));
        Add("format", Format);
        Add("wordcount", (text, _, budget) => Numbers.Counted(TextSearch.Split(text, null, -1, fromRight: false, budget).Items.Count, text.IsTemplate));
        Add("truncate", Truncate);
        Add("urlencode", (text, _, _) => TextValue.Of(Uri.EscapeDataString(text.Text).Replace("%2F", "/", StringComparison.Ordinal), text.IsTemplate));

        void Add(string name, TextFilter filter) =>
            filters[name] = (input, arguments, budget) => filter(PythonText.Str(input, budget), arguments, budget);
    }

    private static TextValue Replace(TextValue text, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("replace", "old", "new", "count");
        return TextSearch.Replace(text, PythonText.Str(bound.Required(0), budget), PythonText.Str(bound.Required(1), budget), bound.Integer(2, -1), budget);
    }

    // Printf's conversions, from positional or else from named arguments.
    private static TextValue Format(TextValue text, Arguments arguments, RenderBudget budget)
    {
        if (arguments.Named.Count == 0)
        {
            return PercentFormat.Apply(text, ListValue.Tuple([.. arguments.Positional]), budget);
        }

        var values = new DictValue();
        foreach (var (name, value) in arguments.Named)
        {
            values.Set(name, value);
        }

        return PercentFormat.Apply(text, values, budget);
    }

    private static TextValue Indent(TextValue text, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("indent", "width", "first", "blank");
        var indention = bound[0] as TextValue
            ?? TextSearch.Pad(TextValue.Of("", fromTemplate: true), Math.Min(bound.Integer(0, 4), 1000), 0, Space, budget);
        var (first, blank) = (bound.Flag(1, false), bound.Flag(2, false));
        // Indentation of request text counts as the request's.
        if (!text.IsTemplate)
        {
            indention = TextValue.OfRequest(indention.Text);
        }

        // With a line end at its end, a text gives an empty last line, which then stays.
        var lines = TextSearch.Lines(new TextBuilder(budget).Append(text).Append("\n", text.IsTemplate).ToText(), keepEnds: false, budget);
        var result = new TextBuilder(budget);
        for (var i = 0; i < lines.Count; i++)
        {
            if (i > 0)
            {
                result.Append("\n", text.IsTemplate);
            }

            if (i == 0 ? first : blank || lines[i].IsTrue)
            {
                result.Append(indention);
            }

            result.Append(lines[i]);
        }

        return result.ToText();
    }

    private static TextValue Truncate(TextValue text, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("truncate", "length", "killwords", "end", "leeway");
        var (length, end, leeway) = (bound.Integer(0, 255), bound.OptionalText(2) ?? TextValue.OfTemplate("..."), bound.Integer(3, 5));
        var endLength = CodePoints.Count(end.Text);
        if (length < endLength || leeway < 0)
        {
            throw Failures.Type($"expected length >= {endLength} and leeway >= 0");
        }

        if (CodePoints.Count(text.Text) <= (long)length + leeway)
        {
            return text;
        }

        var kept = (TextValue)Sequences.Slice(text, 0, length - endLength, 1, budget);
        if (!bound.Flag(1, false) && kept.Text.LastIndexOf(' ') is var space and >= 0)
        {
            kept = kept.Slice(0, space);
        }

        return new TextBuilder(budget).Append(kept).Append(end).ToText();
    }
}
