using System.Globalization;
using System.Text;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Python's <c>json.dumps</c>, as the <c>tojson</c> filter of chat templates calls it: no HTML escapes, keys in order.</summary>
/// <param name="budget">Pays for what is written.</param>
/// <param name="ensureAscii">True: escape everything beyond ASCII.</param>
/// <param name="indent">Indentation per level; null means one line.</param>
/// <param name="itemSeparator">Between items.</param>
/// <param name="keySeparator">Between a key and its value.</param>
/// <param name="sortKeys">True: keys in order of code points.</param>
internal sealed class JsonText(RenderBudget budget, bool ensureAscii, string? indent, string itemSeparator, string keySeparator, bool sortKeys)
{
    private readonly StringBuilder _text = new();
    private int _level;
    private bool _hasTemplateLeaf;
    private bool _hasRequestLeaf;

    /// <summary>The JSON of a value; the template's text only if every leaf in it is the template's.</summary>
    public TextValue Write(Value value)
    {
        WriteValue(value);
        return TextValue.Of(_text.ToString(), _hasTemplateLeaf && !_hasRequestLeaf);
    }

    private void WriteValue(Value value)
    {
        budget.Enter();
        budget.Spend();
        switch (value)
        {
            case TextValue text:
                WriteString(text.Text, text.IsTemplate);
                break;
            case NumberValue number:
                Leaf(Digits(number), number.FromTemplate);
                break;
            case BoolValue:
                Leaf(value.IsTrue ? "true" : "false", fromTemplate: false);
                break;
            case NoneValue:
                Leaf("null", fromTemplate: false);
                break;
            // Python refuses what map and its like give; a template that prints it means the list.
            case ListValue list:
                WriteList(list.Items);
                break;
            case DictValue dict:
                WriteDict(dict);
                break;
            default:
                throw Failures.Type($"Object of type {value.TypeName} is not JSON serializable");
        }

        budget.Leave();
    }

    private void WriteList(List<Value> items)
    {
        if (items.Count == 0)
        {
            Leaf("[]", fromTemplate: false);
            return;
        }

        _text.Append('[');
        _level++;
        for (var i = 0; i < items.Count; i++)
        {
            NextItem(i == 0);
            WriteValue(items[i]);
        }

        Close(']');
    }

    private void WriteDict(DictValue dict)
    {
        if (dict.Count == 0)
        {
            Leaf("{}", fromTemplate: false);
            return;
        }

        _text.Append('{');
        _level++;
        var first = true;
        foreach (var (key, value) in sortKeys ? Sorted(dict) : dict.Entries)
        {
            NextItem(first);
            first = false;
            WriteString(Key(key), key is TextValue { IsTemplate: true } or NumberValue { FromTemplate: true });
            _text.Append(keySeparator);
            WriteValue(value);
        }

        Close('}');
    }

    private static IEnumerable<KeyValuePair<Value, Value>> Sorted(DictValue dict) => dict.Entries.OrderBy(entry => Key(entry.Key), StringComparer.Ordinal);

    private static string Key(Value key) => key switch
    {
        TextValue text => text.Text,
        NumberValue number => Digits(number),
        BoolValue => key.IsTrue ? "true" : "false",
        NoneValue => "null",
        _ => throw Failures.Type($"keys must be str, int, float, bool or None, not {key.TypeName}"),
    };

    private static string Digits(NumberValue number) => number switch
    {
        FloatValue { Literal: null, Number: var value } when !double.IsFinite(value) => double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity",
        _ => PythonText.Digits(number),
    };

    private void NextItem(bool first)
    {
        _text.Append(first ? "" : itemSeparator);
        NewLine();
    }

    private void Close(char bracket)
    {
        _level--;
        NewLine();
        _text.Append(bracket);
    }

    private void NewLine()
    {
        if (indent is null)
        {
            return;
        }

        _text.Append('\n');
        for (var i = 0; i < _level; i++)
        {
            budget.SpendText(indent.Length);
            _text.Append(indent);
        }

        budget.CheckLength(_text.Length);
    }

    private void WriteString(string text, bool fromTemplate)
    {
        budget.CheckLength((long)_text.Length + text.Length);
        budget.SpendText(text.Length);
        _text.Append('"');
        foreach (var character in text)
        {
            _ = character switch
            {
                '"' => _text.Append("\\\""),
                '\\' => _text.Append(@"\\"),
                '\n' => _text.Append(@"\n"),
                '\r' => _text.Append(@"\r"),
                '\t' => _text.Append(@"\t"),
                '\b' => _text.Append(@"\b"),
                '\f' => _text.Append(@"\f"),
                < ' ' => Escape(character),
                > '~' when ensureAscii => Escape(character),
                _ => _text.Append(character),
            };
        }

        _text.Append('"');
        Author(fromTemplate);
    }

    private StringBuilder Escape(char character) => _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");

    private void Leaf(string text, bool fromTemplate)
    {
        budget.CheckLength((long)_text.Length + text.Length);
        _text.Append(text);
        Author(fromTemplate);
    }

    private void Author(bool fromTemplate)
    {
        _hasTemplateLeaf |= fromTemplate;
        _hasRequestLeaf |= !fromTemplate;
    }
}
