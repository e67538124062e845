namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Methods of strings.</summary>
internal static class TextMethods
{
    private static readonly TextValue Space = TextValue.OfTemplate(" ");

    private delegate Value Method(TextValue text, Arguments arguments, RenderBudget budget);

    public static BuiltinValue? Find(TextValue text, string name)
    {
        var method = FindTransform(name) ?? FindSearch(name) ?? FindPredicate(name);
        return method is null ? null : new BuiltinValue(name, (arguments, budget) =>
        {
            budget.SpendValue(text);
            return method(text, arguments, budget);
        });
    }

    private static Method? FindTransform(string name) => name switch
    {
        "upper" => (text, _, budget) => TextCase.Upper(text, budget),
        "lower" or "casefold" => (text, _, _) => TextCase.Lower(text),
        "title" => (text, _, _) => TextCase.Title(text),
        "capitalize" => (text, _, _) => TextCase.Capitalize(text),
        "swapcase" => (text, _, _) => TextCase.Swap(text),
        "strip" => (text, arguments, _) => TextSearch.Trim(text, arguments.Bind("strip", "chars").OptionalText(0), atStart: true, atEnd: true),
        "lstrip" => (text, arguments, _) => TextSearch.Trim(text, arguments.Bind("lstrip", "chars").OptionalText(0), atStart: true, atEnd: false),
        "rstrip" => (text, arguments, _) => TextSearch.Trim(text, arguments.Bind("rstrip", "chars").OptionalText(0), atStart: false, atEnd: true),
        "removeprefix" => (text, arguments, _) => RemovePrefix(text, arguments.Bind("removeprefix", "prefix").RequiredText(0)),
        "removesuffix" => (text, arguments, _) => RemoveSuffix(text, arguments.Bind("removesuffix", "suffix").RequiredText(0)),
        "replace" => Replace,
        "format" => FormatMethod.Apply,
        "join" => (text, arguments, budget) => Join(text, arguments.Bind("join", "iterable").Required(0), budget),
        "center" => (text, arguments, budget) => Pad(text, arguments.Bind("center", "width", "fillchar"), Alignment.Center, budget),
        "ljust" => (text, arguments, budget) => Pad(text, arguments.Bind("ljust", "width", "fillchar"), Alignment.Left, budget),
        "rjust" => (text, arguments, budget) => Pad(text, arguments.Bind("rjust", "width", "fillchar"), Alignment.Right, budget),
        "zfill" => (text, arguments, budget) => ZeroFill(text, arguments.Bind("zfill", "width").Integer(0, 0), budget),
        _ => null,
    };

    private static Method? FindSearch(string name) => name switch
    {
        "split" => (text, arguments, budget) => Split(text, arguments.Bind("split", "sep", "maxsplit"), fromRight: false, budget),
        "rsplit" => (text, arguments, budget) => Split(text, arguments.Bind("rsplit", "sep", "maxsplit"), fromRight: true, budget),
        "splitlines" => (text, arguments, budget) =>
            new ListValue([.. TextSearch.Lines(text, arguments.Bind("splitlines", "keepends").Flag(0, false), budget)]),
        "partition" => (text, arguments, _) => Partition(text, arguments.Bind("partition", "sep").RequiredText(0), fromRight: false),
        "rpartition" => (text, arguments, _) => Partition(text, arguments.Bind("rpartition", "sep").RequiredText(0), fromRight: true),
        "startswith" => (text, arguments, _) => Starts(text, arguments.Bind("startswith", "prefix").Required(0), atEnd: false),
        "endswith" => (text, arguments, _) => Starts(text, arguments.Bind("endswith", "suffix").Required(0), atEnd: true),
        "find" => (text, arguments, budget) => Find(text, arguments.Bind("find", "sub", "start", "end"), last: false, budget),
        "rfind" => (text, arguments, budget) => Find(text, arguments.Bind("rfind", "sub", "start", "end"), last: true, budget),
        "index" => (text, arguments, budget) => Find(text, arguments.Bind("index", "sub", "start", "end"), last: false, budget) is { Number.Sign: >= 0 } found
            ? found
            : throw Failures.Type("substring not found"),
        "count" => (text, arguments, _) => Count(text, arguments.Bind("count", "sub").RequiredText(0)),
        _ => null,
    };

    private static Method? FindPredicate(string name) => name switch
    {
        "isdigit" or "isdecimal" or "isnumeric" => (text, _, _) => All(text, char.IsDigit),
        "isalpha" => (text, _, _) => All(text, char.IsLetter),
        "isalnum" => (text, _, _) => All(text, char.IsLetterOrDigit),
        "isspace" => (text, _, _) => All(text, CodePoints.IsSpace),
        "isascii" => (text, _, _) => BoolValue.Of(text.Text.All(char.IsAscii)),
        "isupper" => (text, _, _) => HasOnly(text, char.IsUpper, char.IsLower),
        "islower" => (text, _, _) => HasOnly(text, char.IsLower, char.IsUpper),
        _ => null,
    };

    private static TextValue RemovePrefix(TextValue text, TextValue prefix) =>
        text.Text.StartsWith(prefix.Text, StringComparison.Ordinal) ? text.Slice(prefix.Text.Length, text.Text.Length - prefix.Text.Length) : text;

    private static TextValue RemoveSuffix(TextValue text, TextValue suffix) =>
        text.Text.EndsWith(suffix.Text, StringComparison.Ordinal) ? text.Slice(0, text.Text.Length - suffix.Text.Length) : text;

    private static TextValue Replace(TextValue text, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("replace", "old", "new", "count");
        return TextSearch.Replace(text, bound.RequiredText(0), bound.RequiredText(1), bound.Integer(2, -1), budget);
    }

    private static TextValue Join(TextValue separator, Value iterable, RenderBudget budget)
    {
        var items = Sequences.Items(iterable, budget);
        var odd = items.FindIndex(item => item is not TextValue);
        return odd < 0
            ? TextSearch.Join(items, separator, budget)
            : throw Failures.Type($"sequence item {odd}: expected str instance, {items[odd].TypeName} found");
    }

    private static TextValue Pad(TextValue text, BoundArguments bound, Alignment alignment, RenderBudget budget)
    {
        var width = bound.Integer(0, 0);
        var fill = bound.OptionalText(1) ?? Space;
        var missing = width - CodePoints.Count(text.Text);
        return alignment switch
        {
            Alignment.Center => TextSearch.Center(text, width, fill, budget),
            Alignment.Left => TextSearch.Pad(text, 0, missing, fill, budget),
            _ => TextSearch.Pad(text, missing, 0, fill, budget),
        };
    }

    private static TextValue ZeroFill(TextValue text, int width, RenderBudget budget)
    {
        var signLength = text.Text.StartsWith('-') || text.Text.StartsWith('+') ? 1 : 0;
        var missing = width - CodePoints.Count(text.Text);
        var digits = text.Slice(signLength, text.Text.Length - signLength);
        return new TextBuilder(budget)
            .Append(text.Slice(0, signLength))
            .Append(TextSearch.Pad(digits, missing, 0, TextValue.OfTemplate("0"), budget))
            .ToText();
    }

    private static ListValue Split(TextValue text, BoundArguments bound, bool fromRight, RenderBudget budget) =>
        TextSearch.Split(text, bound.OptionalText(0), bound.Integer(1, -1), fromRight, budget);

    private static ListValue Partition(TextValue text, TextValue separator, bool fromRight)
    {
        if (separator.Text.Length == 0)
        {
            throw Failures.Type("empty separator");
        }

        var found = fromRight
            ? text.Text.LastIndexOf(separator.Text, StringComparison.Ordinal)
            : text.Text.IndexOf(separator.Text, StringComparison.Ordinal);
        if (found < 0)
        {
            return fromRight ? ListValue.Tuple(TextValue.Empty, TextValue.Empty, text) : ListValue.Tuple(text, TextValue.Empty, TextValue.Empty);
        }

        var after = found + separator.Text.Length;
        return ListValue.Tuple(text.Slice(0, found), text.Slice(found, separator.Text.Length), text.Slice(after, text.Text.Length - after));
    }

    private static BoolValue Starts(TextValue text, Value affix, bool atEnd) => affix switch
    {
        TextValue single => BoolValue.Of(atEnd
            ? text.Text.EndsWith(single.Text, StringComparison.Ordinal)
            : text.Text.StartsWith(single.Text, StringComparison.Ordinal)),
        ListValue { Kind: SequenceKind.Tuple } several => BoolValue.Of(several.Items.Exists(item => item is TextValue && Starts(text, item, atEnd).IsTrue)),
        UndefinedValue undefined => throw undefined.Failure(),
        _ => throw Failures.Type($"{(atEnd ? "endswith" : "startswith")} first arg must be str or a tuple of str, not {affix.TypeName}"),
    };

    // Index in code points; -1 if there is none.
    private static IntegerValue Find(TextValue text, BoundArguments bound, bool last, RenderBudget budget)
    {
        var part = bound.RequiredText(0).Text;
        var start = bound.OptionalInteger(1);
        var window = (TextValue)Sequences.Slice(text, start, bound.OptionalInteger(2), 1, budget);
        var found = last ? window.Text.LastIndexOf(part, StringComparison.Ordinal) : window.Text.IndexOf(part, StringComparison.Ordinal);
        var count = CodePoints.Count(text.Text);
        var offset = Math.Clamp(start is < 0 ? start.Value + count : start ?? 0, 0, count);
        return Numbers.Counted(found < 0 ? -1 : CodePoints.Index(window.Text, found) + offset, text.IsTemplate);
    }

    private static IntegerValue Count(TextValue text, TextValue part)
    {
        var count = part.Text.Length == 0 ? CodePoints.Count(text.Text) + 1 : text.Text.AsSpan().Count(part.Text);
        return Numbers.Counted(count, text.IsTemplate);
    }

    private static BoolValue All(TextValue text, Func<char, bool> predicate) => BoolValue.Of(text.Text.Length > 0 && text.Text.All(predicate));

    private static BoolValue HasOnly(TextValue text, Func<char, bool> wanted, Func<char, bool> unwanted) =>
        BoolValue.Of(text.Text.Any(wanted) && !text.Text.Any(unwanted));

    private enum Alignment
    {
        Left,
        Center,
        Right,
    }
}
