using System.Globalization;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Python's <c>str.format</c>: <c>{}</c>, <c>{0}</c>, <c>{name}</c>, members, <c>!r</c> and format specifications.</summary>
internal static class FormatMethod
{
    private const int MaxWidth = 10_000;

    public static Value Apply(TextValue format, Arguments arguments, RenderBudget budget)
    {
        var result = new TextBuilder(budget);
        var source = format.Text;
        var automatic = 0;
        var position = 0;
        while (position < source.Length)
        {
            var brace = source.AsSpan(position).IndexOfAny('{', '}');
            if (brace < 0)
            {
                break;
            }

            brace += position;
            result.Append(format, position, brace - position);
            if (brace + 1 < source.Length && source[brace + 1] == source[brace])
            {
                result.Append(format, brace, 1);
                position = brace + 2;
                continue;
            }

            var end = source[brace] == '{' ? source.IndexOf('}', brace) : -1;
            if (end < 0)
            {
                throw Failures.Type($"Single '{source[brace]}' encountered in format string");
            }

            AppendField(result, source[(brace + 1)..end], arguments, ref automatic, budget);
            position = end + 1;
        }

        return result.Append(format, position, source.Length - position).ToText();
    }

    private static void AppendField(TextBuilder result, string field, Arguments arguments, ref int automatic, RenderBudget budget)
    {
        var colon = field.IndexOf(':', StringComparison.Ordinal);
        var specification = colon < 0 ? "" : field[(colon + 1)..];
        var name = colon < 0 ? field : field[..colon];
        var conversion = '\0';
        if (name.Length >= 2 && name[^2] == '!')
        {
            conversion = name[^1];
            name = name[..^2];
        }

        var value = Lookup(name, arguments, ref automatic, budget);
        value = conversion switch
        {
            '\0' => value,
            's' => PythonText.Str(value, budget),
            _ => PythonText.Repr(value, budget),
        };
        AppendValue(result, value, specification, budget);
    }

    private static Value Lookup(string name, Arguments arguments, ref int automatic, RenderBudget budget)
    {
        var split = name.AsSpan().IndexOfAny('.', '[');
        var head = split < 0 ? name : name[..split];
        Value value;
        if (head.Length == 0 || int.TryParse(head, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            var index = head.Length == 0 ? automatic++ : int.Parse(head, CultureInfo.InvariantCulture);
            value = index < arguments.Positional.Count
                ? arguments.Positional[index]
                : throw Failures.Type($"Replacement index {index} out of range for positional args tuple");
        }
        else
        {
            value = arguments.Named.FirstOrDefault(argument => argument.Key == head).Value ?? throw Failures.Type($"KeyError: '{head}'");
        }

        while (split >= 0 && split < name.Length)
        {
            var isItem = name[split] == '[';
            var end = isItem ? name.IndexOf(']', split) : name.AsSpan(split + 1).IndexOfAny('.', '[') is var next and >= 0 ? split + 1 + next : name.Length;
            if (end < 0)
            {
                throw Failures.Type("Missing ']' in format string");
            }

            var key = name[(split + 1)..end];
            value = !isItem ? Members.Attribute(value, key)
                : int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Members.Item(value, Numbers.Counted(number, fromTemplate: false), budget)
                : Members.Item(value, TextValue.OfRequest(key), budget);
            split = isItem ? end + 1 : end;
        }

        return value;
    }

    private static void AppendValue(TextBuilder result, Value value, string specification, RenderBudget budget)
    {
        if (specification.Length == 0)
        {
            result.Append(PythonText.Str(value, budget));
            return;
        }

        var parsed = Specification.Parse(specification);
        var number = parsed.Type == 's' || value is BoolValue ? null : Numbers.Of(value);
        var text = number is null ? Cut(PythonText.Str(value, budget), parsed.Precision, budget) : Number(number, parsed);
        var missing = Math.Max(0, parsed.Width - CodePoints.Count(text.Text));
        var alignment = parsed.Alignment ?? (number is null ? '<' : '>');
        if (alignment == '=')
        {
            var sign = text.Text.StartsWith('-') || text.Text.StartsWith('+') ? 1 : 0;
            result.Append(text, 0, sign).Append(new string(parsed.Fill, missing), text.IsTemplate).Append(text, sign, text.Text.Length - sign);
            return;
        }

        var before = alignment switch { '>' => missing, '^' => missing / 2, _ => 0 };
        result.Append(new string(parsed.Fill, before), text.IsTemplate).Append(text).Append(new string(parsed.Fill, missing - before), text.IsTemplate);
    }

    private static TextValue Cut(TextValue text, int? precision, RenderBudget budget) =>
        precision is null ? text : (TextValue)Sequences.Slice(text, 0, precision, 1, budget);

    private static TextValue Number(NumberValue number, Specification specification)
    {
        var type = specification.Type;
        var text = type != '\0' ? NumberFormat.Format(number, type, specification.Precision, specification.Grouping, specification.Prefixed)
            : number is IntegerValue ? NumberFormat.Format(number, 'd', null, specification.Grouping)
            : specification.Precision is { } precision ? NumberFormat.Format(number, 'g', precision, specification.Grouping)
            : PythonText.Digits(number);
        return TextValue.Of(specification.Sign is '+' or ' ' && !text.StartsWith('-') ? specification.Sign + text : text, number.FromTemplate);
    }

    /// <summary>Python's format specification, <c>[[fill]align][sign][#][0][width][grouping][.precision][type]</c>.</summary>
    private readonly record struct Specification(char Fill, char? Alignment, char Sign, bool Prefixed, int Width, char Grouping, int? Precision, char Type)
    {
        public static Specification Parse(string text)
        {
            var position = 0;
            var fill = ' ';
            char? alignment = null;
            if (text.Length > 1 && "<>=^".Contains(text[1], StringComparison.Ordinal))
            {
                (fill, alignment, position) = (text[0], text[1], 2);
            }
            else if ("<>=^".Contains(text[0], StringComparison.Ordinal))
            {
                (alignment, position) = (text[0], 1);
            }

            var sign = TakeAny(text, ref position, "+- ");
            var prefixed = TakeAny(text, ref position, "#") != '\0';
            if (TakeAny(text, ref position, "0") != '\0')
            {
                (fill, alignment) = ('0', alignment ?? '=');
            }

            var width = Digits(text, ref position) ?? 0;
            var grouping = TakeAny(text, ref position, ",_");
            var precision = TakeAny(text, ref position, ".") != '\0' ? Digits(text, ref position) ?? throw Invalid(text) : (int?)null;
            var type = position < text.Length ? text[position++] : '\0';
            return position == text.Length ? new(fill, alignment, sign, prefixed, width, grouping, precision, type) : throw Invalid(text);
        }

        private static char TakeAny(string text, ref int position, string candidates) =>
            position < text.Length && candidates.Contains(text[position], StringComparison.Ordinal) ? text[position++] : '\0';

        private static int? Digits(string text, ref int position)
        {
            int? number = null;
            for (; position < text.Length && char.IsAsciiDigit(text[position]); position++)
            {
                number = Math.Min(MaxWidth, ((number ?? 0) * 10) + (text[position] - '0'));
            }

            return number;
        }

        private static TemplateException Invalid(string text) => Failures.Type($"Invalid format specifier '{text}'");
    }
}
