namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Stable sorting by Python's order.</summary>
internal static class Ordering
{
    /// <summary>Sorts by a key; equal items keep their order.</summary>
    public static List<Value> Sort(IEnumerable<Value> items, Func<Value, Value> key, bool descending, RenderBudget budget)
    {
        var comparer = Comparer<Value>.Create((left, right) => Operators.Compare(left, right, "<", budget));
        return [.. descending ? items.OrderByDescending(key, comparer) : items.OrderBy(key, comparer)];
    }

    /// <summary>What a value compares by when case does not matter.</summary>
    public static Value Folded(Value value) => value is TextValue text ? TextCase.Lower(text) : value;
}
