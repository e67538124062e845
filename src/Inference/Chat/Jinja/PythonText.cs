using System.Globalization;
using System.Text;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Python's <c>str</c> and <c>repr</c>.</summary>
internal static class PythonText
{
    /// <summary>The value as <c>{{ value }}</c> prints it.</summary>
    public static TextValue Str(Value value, RenderBudget budget) => value switch
    {
        TextValue text => text,
        UndefinedValue => TextValue.Empty,
        _ => Repr(value, budget),
    };

    /// <summary>The value as it prints within a list. The text is the template's only if every leaf in it is.</summary>
    public static TextValue Repr(Value value, RenderBudget budget)
    {
        if (value is NumberValue number)
        {
            return TextValue.Of(Digits(number), number.FromTemplate);
        }

        var writer = new ReprWriter(budget);
        writer.Write(value);
        return writer.ToText();
    }

    public static string Digits(NumberValue number) => number switch
    {
        IntegerValue integer => integer.Number.ToString(CultureInfo.InvariantCulture),
        FloatValue { Literal: { } literal } => literal,
        _ => FloatText.Format(number.AsDouble),
    };

    public static string Quote(string text)
    {
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var result = new StringBuilder(text.Length + 2).Append(quote);
        for (var i = 0; i < text.Length;)
        {
            var units = CodePoints.UnitsAt(text, i);
            var codePoint = units == 2 ? char.ConvertToUtf32(text[i], text[i + 1]) : text[i];
            _ = codePoint switch
            {
                '\\' => result.Append(@"\\"),
                '\n' => result.Append(@"\n"),
                '\r' => result.Append(@"\r"),
                '\t' => result.Append(@"\t"),
                _ when codePoint == quote => result.Append('\\').Append(quote),
                _ when IsPrintable(codePoint) => result.Append(text, i, units),
                < 0x100 => result.Append(CultureInfo.InvariantCulture, $"\\x{codePoint:x2}"),
                < 0x10000 => result.Append(CultureInfo.InvariantCulture, $"\\u{codePoint:x4}"),
                _ => result.Append(CultureInfo.InvariantCulture, $"\\U{codePoint:x8}"),
            };
            i += units;
        }

        return result.Append(quote).ToString();
    }

    private static bool IsPrintable(int codePoint) => codePoint == ' ' || CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.SpaceSeparator => false,
        _ => true,
    };

    private sealed class ReprWriter(RenderBudget budget)
    {
        private readonly StringBuilder _text = new();
        private bool _hasTemplateLeaf;
        private bool _hasRequestLeaf;

        public TextValue ToText() => TextValue.Of(_text.ToString(), _hasTemplateLeaf && !_hasRequestLeaf);

        public void Write(Value value)
        {
            budget.Enter();
            switch (value)
            {
                case TextValue text:
                    Leaf(Quote(text.Text), text.IsTemplate);
                    break;
                case NumberValue number:
                    Leaf(Digits(number), number.FromTemplate);
                    break;
                case ListValue { Kind: SequenceKind.Tuple } tuple:
                    Sequence(tuple.Items, '(', tuple.Items.Count == 1 ? ",)" : ")");
                    break;
                case ListValue list:
                    Sequence(list.Items, '[', "]");
                    break;
                case DictValue dict:
                    Dict(dict);
                    break;
                case NamespaceValue space:
                    Leaf($"<Namespace with {space.Attributes.Count} names>", fromTemplate: false);
                    break;
                default:
                    Leaf(value switch
                    {
                        NoneValue => "None",
                        BoolValue => value.IsTrue ? "True" : "False",
                        UndefinedValue => "Undefined",
                        _ => $"<{value.TypeName}>",
                    }, fromTemplate: false);
                    break;
            }

            budget.Leave();
        }

        private void Sequence(List<Value> items, char open, string close)
        {
            _text.Append(open);
            for (var i = 0; i < items.Count; i++)
            {
                _text.Append(i == 0 ? "" : ", ");
                Write(items[i]);
            }

            _text.Append(close);
        }

        private void Dict(DictValue dict)
        {
            _text.Append('{');
            var first = true;
            foreach (var (key, value) in dict.Entries)
            {
                _text.Append(first ? "" : ", ");
                first = false;
                Write(key);
                _text.Append(": ");
                Write(value);
            }

            _text.Append('}');
        }

        private void Leaf(string text, bool fromTemplate)
        {
            budget.CheckLength((long)_text.Length + text.Length);
            budget.SpendText(text.Length);
            _text.Append(text);
            _hasTemplateLeaf |= fromTemplate;
            _hasRequestLeaf |= !fromTemplate;
        }
    }
}
