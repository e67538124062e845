namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Iterating and slicing, as Python does it for each type.</summary>
internal static class Sequences
{
    /// <summary>The items that iterating over a value gives, as a list of the caller's own: code points of a text, keys of a dictionary.</summary>
    public static List<Value> Items(Value value, RenderBudget budget)
    {
        budget.SpendValue(value);
        switch (value)
        {
            case ListValue list:
                return [.. list.Items];
            case DictValue dict:
                return [.. dict.Keys];
            case UndefinedValue:
                return [];
            case TextValue text:
                budget.Spend(text.Text.Length);
                var items = new List<Value>(text.Text.Length);
                for (var i = 0; i < text.Text.Length;)
                {
                    var units = CodePoints.UnitsAt(text.Text, i);
                    items.Add(text.Slice(i, units));
                    i += units;
                }

                return items;
            default:
                throw Failures.NotIterable(value);
        }
    }

    /// <summary>Python's <c>len</c>; null for types that have none.</summary>
    public static int? Length(Value value, RenderBudget budget)
    {
        switch (value)
        {
            case TextValue text:
                budget.SpendValue(text);
                return CodePoints.Count(text.Text);
            case ListValue { Kind: not SequenceKind.Generator } list:
                return list.Items.Count;
            case DictValue dict:
                return dict.Count;
            case UndefinedValue:
                return 0;
            default:
                return null;
        }
    }

    public static Value Slice(Value value, int? start, int? stop, int? step, RenderBudget budget)
    {
        if (step == 0)
        {
            throw Failures.Type("slice step cannot be zero");
        }

        switch (value)
        {
            case TextValue text:
                return SliceText(text, new SliceRange(CodePoints.Count(text.Text), start, stop, step ?? 1), budget);
            case ListValue { Kind: not SequenceKind.Generator } list:
                var range = new SliceRange(list.Items.Count, start, stop, step ?? 1);
                budget.Spend(1 + range.Count);
                if (range.Step == 1)
                {
                    return new ListValue(list.Items.GetRange(range.Start, range.Count), list.Kind);
                }

                var items = new List<Value>(range.Count);
                for (var i = 0; i < range.Count; i++)
                {
                    items.Add(list.Items[range.Start + (i * range.Step)]);
                }

                return new ListValue(items, list.Kind);
            case UndefinedValue undefined:
                throw undefined.Failure();
            default:
                throw Failures.Type($"'{value.TypeName}' object is not subscriptable");
        }
    }

    private static TextValue SliceText(TextValue text, SliceRange range, RenderBudget budget)
    {
        budget.SpendValue(text);
        if (range.Count == 0)
        {
            return TextValue.Empty;
        }

        if (range.Step == 1)
        {
            var from = CodePoints.Offset(text.Text, range.Start);
            return text.Slice(from, CodePoints.Offset(text.Text, range.Start + range.Count) - from);
        }

        var characters = Items(text, budget);
        var result = new TextBuilder(budget);
        for (var i = 0; i < range.Count; i++)
        {
            result.Append((TextValue)characters[range.Start + (i * range.Step)]);
        }

        return result.ToText();
    }

    /// <summary>The indices that a slice takes out of a sequence, after Python's clamping.</summary>
    private readonly struct SliceRange
    {
        public SliceRange(int length, int? start, int? stop, int step)
        {
            Step = step;
            var (lowest, highest) = step > 0 ? (0, length) : (-1, length - 1);
            Start = Clamp(start, step > 0 ? lowest : highest);
            var end = Clamp(stop, step > 0 ? highest : lowest);
            var span = step > 0 ? (long)end - Start : (long)Start - end;
            Count = span <= 0 ? 0 : (int)(((span - 1) / Math.Abs((long)step)) + 1);
            if (Count == 0)
            {
                Start = 0;
            }

            int Clamp(int? index, int missing) =>
                index is not { } given ? missing : Math.Clamp(given < 0 ? given + length : given, lowest, highest);
        }

        public int Start { get; }

        public int Count { get; }

        public int Step { get; }
    }
}
