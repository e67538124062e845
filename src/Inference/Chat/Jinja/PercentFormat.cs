namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Python's <c>format % values</c>.</summary>
internal static class PercentFormat
{
    // Width of a field; a longer one is no use to a prompt.
    private const int MaxWidth = 10_000;

    public static TextValue Apply(TextValue format, Value values, RenderBudget budget)
    {
        var result = new TextBuilder(budget);
        var source = format.Text;
        var next = 0;
        var position = 0;
        while (position < source.Length)
        {
            var percent = source.IndexOf('%', position);
            if (percent < 0)
            {
                break;
            }

            result.Append(format, position, percent - position);
            position = percent + 1;
            var field = Field.Parse(source, ref position);
            if (field.Conversion == '%')
            {
                result.Append(format, percent, 1);
                continue;
            }

            var value = field.Name is { } name
                ? values is DictValue dict && dict.TryGet(name, out var entry) ? entry : throw Failures.Type($"KeyError: '{name}'")
                : Next(values, next++);
            AppendField(result, field, value, budget);
        }

        if (values is ListValue { Kind: SequenceKind.Tuple } tuple ? next < tuple.Items.Count : next == 0 && values is not (DictValue or ListValue))
        {
            throw Failures.Type("not all arguments converted during string formatting");
        }

        return result.Append(format, position, source.Length - position).ToText();
    }

    private static Value Next(Value values, int index) => values switch
    {
        ListValue { Kind: SequenceKind.Tuple } tuple when index < tuple.Items.Count => tuple.Items[index],
        not ListValue { Kind: SequenceKind.Tuple } when index == 0 => values,
        _ => throw Failures.Type("not enough arguments for format string"),
    };

    private static void AppendField(TextBuilder result, Field field, Value value, RenderBudget budget)
    {
        var text = field.Conversion switch
        {
            's' => PythonText.Str(value, budget),
            'r' or 'a' => PythonText.Repr(value, budget),
            'c' when value is TextValue character => character,
            _ => Number(field, value),
        };
        if (field.Precision is { } precision && field.Conversion is 's' or 'r' or 'a')
        {
            text = (TextValue)Sequences.Slice(text, 0, field.Precision, 1, budget);
        }

        var missing = Math.Max(0, field.Width - CodePoints.Count(text.Text));
        var zeros = field.Flags.Contains('0', StringComparison.Ordinal) && !field.IsLeft && field.Conversion is not ('s' or 'r' or 'a' or 'c');
        if (zeros)
        {
            var sign = text.Text.StartsWith('-') || text.Text.StartsWith('+') ? 1 : 0;
            result.Append(text, 0, sign).Append(new string('0', missing), text.IsTemplate).Append(text, sign, text.Text.Length - sign);
            return;
        }

        var padding = new string(' ', missing);
        result.Append(field.IsLeft ? "" : padding, text.IsTemplate).Append(text).Append(field.IsLeft ? padding : "", text.IsTemplate);
    }

    private static TextValue Number(Field field, Value value)
    {
        var number = Numbers.Of(value) ?? throw (value is UndefinedValue undefined
            ? undefined.Failure()
            : Failures.Type($"%{field.Conversion} format: a real number is required, not {value.TypeName}"));
        var text = NumberFormat.Format(number, field.Conversion, field.Precision, prefixed: field.Flags.Contains('#', StringComparison.Ordinal));
        if (!text.StartsWith('-'))
        {
            text = field.Flags.Contains('+', StringComparison.Ordinal) ? "+" + text : field.Flags.Contains(' ', StringComparison.Ordinal) ? " " + text : text;
        }

        return TextValue.Of(text, number.FromTemplate);
    }

    /// <param name="Name">Key of a dictionary; null takes the next value.</param>
    /// <param name="Flags">Any of <c>-+ 0#</c>.</param>
    /// <param name="Width">Least width in code points.</param>
    /// <param name="Precision">Digits, or most characters; null if not given.</param>
    /// <param name="Conversion">The letter that ends the field.</param>
    private readonly record struct Field(string? Name, string Flags, int Width, int? Precision, char Conversion)
    {
        public bool IsLeft => Flags.Contains('-', StringComparison.Ordinal);

        public static Field Parse(string source, ref int position)
        {
            string? name = null;
            if (position < source.Length && source[position] == '(')
            {
                var close = source.IndexOf(')', position);
                if (close < 0)
                {
                    throw Failures.Type("incomplete format key");
                }

                name = source[(position + 1)..close];
                position = close + 1;
            }

            var flags = position;
            while (position < source.Length && "-+ 0#".Contains(source[position], StringComparison.Ordinal))
            {
                position++;
            }

            var flagText = source[flags..position];
            var width = Digits(source, ref position) ?? 0;
            int? precision = null;
            if (position < source.Length && source[position] == '.')
            {
                position++;
                precision = Digits(source, ref position) ?? 0;
            }

            return position < source.Length
                ? new Field(name, flagText, width, precision, source[position++])
                : throw Failures.Type("incomplete format");
        }

        private static int? Digits(string source, ref int position)
        {
            int? number = null;
            for (; position < source.Length && char.IsAsciiDigit(source[position]); position++)
            {
                number = Math.Min(MaxWidth, ((number ?? 0) * 10) + (source[position] - '0'));
            }

            return number;
        }
    }
}
