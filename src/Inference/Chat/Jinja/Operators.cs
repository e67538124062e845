namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Python's operators on values of any type.</summary>
internal static class Operators
{
    public static Value Apply(BinaryOperator operation, Value left, Value right, RenderBudget budget)
    {
        if (Numbers.Of(left) is { } a && Numbers.Of(right) is { } b)
        {
            return Numbers.Apply(operation, a, b);
        }

        switch (operation)
        {
            case BinaryOperator.Add:
                return Add(left, right, budget);
            case BinaryOperator.Multiply when Numbers.Of(right) is IntegerValue times && left is TextValue or ListValue:
                return Repeat(left, Numbers.Clamp(times.Number), budget);
            case BinaryOperator.Multiply when Numbers.Of(left) is IntegerValue times && right is TextValue or ListValue:
                return Repeat(right, Numbers.Clamp(times.Number), budget);
            case BinaryOperator.Modulo when left is TextValue format:
                return PercentFormat.Apply(format, right, budget);
            default:
                throw Failures.Operands(Symbol(operation), left, right);
        }
    }

    /// <summary>Python's <c>==</c>. Authors do not count.</summary>
    public static bool AreEqual(Value left, Value right, RenderBudget budget)
    {
        if (ReferenceEquals(left, right))
        {
            return true;
        }

        budget.Spend();
        switch (left, right)
        {
            case (TextValue a, TextValue b):
                budget.SpendText(Math.Min(a.Text.Length, b.Text.Length));
                return string.Equals(a.Text, b.Text, StringComparison.Ordinal);
            case (UndefinedValue, UndefinedValue):
                return true;
            case (ListValue a, ListValue b):
                return a.Kind == b.Kind && a.Items.Count == b.Items.Count && ItemsAreEqual(a, b, budget);
            case (DictValue a, DictValue b):
                return a.Count == b.Count && EntriesAreEqual(a, b, budget);
            default:
                return Numbers.Of(left) is { } x && Numbers.Of(right) is { } y && Numbers.Compare(x, y) == 0;
        }
    }

    /// <summary>Python's order of two values; throws for types that have none. 2 when neither is smaller (not a number).</summary>
    public static int Compare(Value left, Value right, string symbol, RenderBudget budget)
    {
        budget.Spend();
        if (Numbers.Of(left) is { } x && Numbers.Of(right) is { } y)
        {
            return Numbers.Compare(x, y);
        }

        switch (left, right)
        {
            case (TextValue a, TextValue b):
                budget.SpendText(Math.Min(a.Text.Length, b.Text.Length));
                return CompareCodePoints(a.Text, b.Text);
            case (ListValue a, ListValue b) when a.Kind == b.Kind:
                return CompareItems(a, b, symbol, budget);
            case (UndefinedValue undefined, _):
                throw undefined.Failure();
            case (_, UndefinedValue undefined):
                throw undefined.Failure();
            default:
                throw Failures.Type($"'{symbol}' not supported between instances of '{left.TypeName}' and '{right.TypeName}'");
        }
    }

    /// <summary>Python's <c>in</c>.</summary>
    public static bool Contains(Value container, Value item, RenderBudget budget)
    {
        switch (container)
        {
            case TextValue text:
                budget.SpendValue(text);
                return item is TextValue part
                    ? text.Text.Contains(part.Text, StringComparison.Ordinal)
                    : throw (item is UndefinedValue missing ? missing.Failure() : Failures.Type($"'in <string>' requires string as left operand, not {item.TypeName}"));
            case DictValue dict:
                budget.SpendValue(item);
                return dict.TryGet(item, out _);
            case UndefinedValue:
                return false;
            case ListValue list:
                foreach (var candidate in list.Items)
                {
                    if (AreEqual(candidate, item, budget))
                    {
                        return true;
                    }
                }

                return false;
            default:
                throw Failures.Type($"argument of type '{container.TypeName}' is not iterable");
        }
    }

    /// <summary>Orders texts by code points, as Python does; UTF-16 order differs beyond the basic plane.</summary>
    public static int CompareCodePoints(string left, string right)
    {
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        var (a, b) = (left[common], right[common]);
        return char.IsSurrogate(a) == char.IsSurrogate(b) ? Math.Sign(a.CompareTo(b)) : char.IsSurrogate(a) ? 1 : -1;
    }

    private static Value Add(Value left, Value right, RenderBudget budget)
    {
        switch (left, right)
        {
            case (TextValue a, TextValue b) when a.IsMarkup || b.IsMarkup:
                return new TextBuilder(budget).Append(a.Escaped(budget)).Append(b.Escaped(budget)).ToText().AsMarkup();
            case (TextValue a, TextValue b):
                return new TextBuilder(budget).Append(a).Append(b).ToText();
            case (ListValue a, ListValue b) when a.Kind == b.Kind && a.Kind != SequenceKind.Generator:
                budget.Spend(a.Items.Count + b.Items.Count);
                return new ListValue([.. a.Items, .. b.Items], a.Kind);
            case (TextValue, not UndefinedValue):
                throw Failures.Type($"can only concatenate str (not \"{right.TypeName}\") to str");
            case (ListValue list, not UndefinedValue):
                throw Failures.Type($"can only concatenate {list.TypeName} (not \"{right.TypeName}\") to {list.TypeName}");
            default:
                throw Failures.Operands("+", left, right);
        }
    }

    private static Value Repeat(Value value, int times, RenderBudget budget)
    {
        if (value is TextValue text)
        {
            budget.CheckLength((long)text.Text.Length * Math.Max(times, 0));
            var result = new TextBuilder(budget);
            for (var i = 0; i < times && text.IsTrue; i++)
            {
                result.Append(text);
            }

            return result.ToText();
        }

        var list = (ListValue)value;
        budget.Spend((long)list.Items.Count * Math.Max(times, 0));
        var items = new List<Value>();
        for (var i = 0; i < times && list.Items.Count > 0; i++)
        {
            items.AddRange(list.Items);
        }

        return new ListValue(items, list.Kind);
    }

    private static bool ItemsAreEqual(ListValue left, ListValue right, RenderBudget budget)
    {
        budget.Enter();
        var equal = true;
        for (var i = 0; equal && i < left.Items.Count; i++)
        {
            equal = AreEqual(left.Items[i], right.Items[i], budget);
        }

        budget.Leave();
        return equal;
    }

    private static bool EntriesAreEqual(DictValue left, DictValue right, RenderBudget budget)
    {
        budget.Enter();
        var equal = true;
        foreach (var (key, value) in left.Entries)
        {
            budget.SpendValue(key);
            equal = right.TryGet(key, out var other) && AreEqual(value, other, budget);
            if (!equal)
            {
                break;
            }
        }

        budget.Leave();
        return equal;
    }

    private static int CompareItems(ListValue left, ListValue right, string symbol, RenderBudget budget)
    {
        budget.Enter();
        for (var i = 0; i < left.Items.Count && i < right.Items.Count; i++)
        {
            if (!AreEqual(left.Items[i], right.Items[i], budget))
            {
                var order = Compare(left.Items[i], right.Items[i], symbol, budget);
                budget.Leave();
                return order;
            }
        }

        budget.Leave();
        return left.Items.Count.CompareTo(right.Items.Count);
    }

    private static string Symbol(BinaryOperator operation) => operation switch
    {
        BinaryOperator.Add => "+",
        BinaryOperator.Subtract => "-",
        BinaryOperator.Multiply => "*",
        BinaryOperator.Divide => "/",
        BinaryOperator.FloorDivide => "//",
        BinaryOperator.Modulo => "%",
        _ => "** or pow()",
    };
}
