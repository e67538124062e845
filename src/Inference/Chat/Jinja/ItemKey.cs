using System.Globalization;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>What filters mean by <c>attribute=</c>: a name, a position, or several joined by dots.</summary>
internal static class ItemKey
{
    /// <summary>A function that reads the attribute of an item; the item itself if none is named. Missing gives the fallback, or undefined.</summary>
    public static Func<Value, Value> Of(Value? attribute, RenderBudget budget, Value? fallback = null)
    {
        if (attribute is null or NoneValue)
        {
            return item => item;
        }

        var parts = attribute is TextValue text ? text.Text.Split('.') : [PythonText.Str(attribute, budget).Text];
        return item => Read(item, parts, fallback, budget);
    }

    /// <summary>As <see cref="Of"/>, for names with commas between them: then the key is a tuple.</summary>
    public static Func<Value, Value> OfSeveral(Value? attributes, bool caseSensitive, RenderBudget budget)
    {
        var keys = attributes is TextValue text
            ? text.Text.Split(',').Select(name => Of(TextValue.OfTemplate(name), budget)).ToArray()
            : [Of(attributes, budget)];
        return item =>
        {
            budget.Spend(keys.Length);
            var values = keys.Select(key => caseSensitive ? key(item) : Ordering.Folded(key(item))).ToList();
            return values.Count == 1 ? values[0] : new ListValue(values, SequenceKind.Tuple);
        };
    }

    private static Value Read(Value item, string[] parts, Value? fallback, RenderBudget budget)
    {
        budget.Spend(parts.Length);
        foreach (var part in parts)
        {
            Value key = int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                ? Numbers.Counted(index, fromTemplate: false)
                : TextValue.OfTemplate(part);
            item = Members.Item(item, key, budget);
            if (item is UndefinedValue && fallback is not null)
            {
                return fallback;
            }
        }

        return item;
    }
}
