namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Filters on sequences that look at all items.</summary>
internal static class SequenceFilters
{
    public static void AddTo(Dictionary<string, Filter> filters)
    {
        filters["list"] = (input, _, budget) => new ListValue(Sequences.Items(input, budget));
        filters["first"] = (input, _, budget) => At(Sequences.Items(input, budget), 0, "No first item, sequence was empty.");
        filters["last"] = (input, _, budget) => At(Sequences.Items(input, budget), ^1, "No last item, sequence was empty.");
        filters["join"] = Join;
        filters["items"] = Items;
        filters["dictsort"] = DictSort;
        filters["sort"] = Sort;
        filters["reverse"] = Reverse;
        filters["unique"] = Unique;
        filters["min"] = (input, arguments, budget) => Extreme(input, arguments.Bind("min", "case_sensitive", "attribute"), sign: -1, budget);
        filters["max"] = (input, arguments, budget) => Extreme(input, arguments.Bind("max", "case_sensitive", "attribute"), sign: 1, budget);
        filters["sum"] = Sum;
        filters["groupby"] = GroupBy;
        filters["batch"] = Batch;
        filters["slice"] = Slice;
    }

    private static Value At(List<Value> items, Index index, string missing) =>
        items.ElementAtOrDefault(index) ?? new UndefinedValue(missing);

    private static TextValue Join(Value input, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("join", "d", "attribute");
        var items = Sequences.Items(input, budget);
        var key = ItemKey.Of(bound[1], budget);
        return TextSearch.Join(items.Select(key), bound[0] is { } separator ? PythonText.Str(separator, budget) : TextValue.Empty, budget);
    }

    private static ListValue Items(Value input, Arguments arguments, RenderBudget budget) => input switch
    {
        DictValue dict => DictMethods.Items(dict, budget),
        UndefinedValue => new ListValue([]),
        _ => throw Failures.Type("Can only get item pairs from a mapping."),
    };

    private static ListValue DictSort(Value input, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("dictsort", "case_sensitive", "by", "reverse");
        if (input is not DictValue dict)
        {
            throw input is UndefinedValue undefined ? undefined.Failure() : Failures.Type($"'{input.TypeName}' object has no attribute 'items'");
        }

        var position = (bound.OptionalText(1)?.Text ?? "key") switch
        {
            "key" => 0,
            "value" => 1,
            _ => throw Failures.Type("You can only sort by either \"key\" or \"value\""),
        };
        var caseSensitive = bound.Flag(0, false);
        return new ListValue(Ordering.Sort(DictMethods.Items(dict, budget).Items, Key, bound.Flag(2, false), budget));

        Value Key(Value pair)
        {
            var value = ((ListValue)pair).Items[position];
            return caseSensitive ? value : Ordering.Folded(value);
        }
    }

    private static ListValue Sort(Value input, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("sort", "reverse", "case_sensitive", "attribute");
        var key = ItemKey.OfSeveral(bound[2], bound.Flag(1, false), budget);
        return new ListValue(Ordering.Sort(Sequences.Items(input, budget), key, bound.Flag(0, false), budget));
    }

    private static Value Reverse(Value input, Arguments arguments, RenderBudget budget)
    {
        if (input is TextValue)
        {
            return Sequences.Slice(input, null, null, -1, budget);
        }

        var items = Sequences.Items(input, budget);
        items.Reverse();
        return new ListValue(items, SequenceKind.Generator);
    }

    private static ListValue Unique(Value input, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("unique", "case_sensitive", "attribute");
        var key = ItemKey.Of(bound[1], budget);
        var caseSensitive = bound.Flag(0, false);
        var seen = new DictValue();
        var items = Sequences.Items(input, budget).FindAll(item =>
        {
            var value = caseSensitive ? key(item) : Ordering.Folded(key(item));
            budget.SpendValue(value);
            if (seen.TryGet(value, out _))
            {
                return false;
            }

            seen.Set(value, BoolValue.True);
            return true;
        });
        return new ListValue(items, SequenceKind.Generator);
    }

    private static Value Extreme(Value input, BoundArguments bound, int sign, RenderBudget budget)
    {
        var key = ItemKey.Of(bound[1], budget);
        var caseSensitive = bound.Flag(0, false);
        Value? best = null;
        Value? bestKey = null;
        foreach (var item in Sequences.Items(input, budget))
        {
            var itemKey = caseSensitive ? key(item) : Ordering.Folded(key(item));
            if (bestKey is null || Operators.Compare(itemKey, bestKey, sign > 0 ? ">" : "<", budget) == sign)
            {
                (best, bestKey) = (item, itemKey);
            }
        }

        return best ?? new UndefinedValue("No aggregated item, sequence was empty.");
    }

    private static Value Sum(Value input, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("sum", "attribute", "start");
        var key = ItemKey.Of(bound[0], budget);
        var sum = bound[1] ?? Numbers.Counted(0, fromTemplate: true);
        foreach (var item in Sequences.Items(input, budget))
        {
            sum = Operators.Apply(BinaryOperator.Add, sum, key(item), budget);
        }

        return sum;
    }

    // Pairs of the common value and its items.
    private static ListValue GroupBy(Value input, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("groupby", "attribute", "default", "case_sensitive");
        var key = ItemKey.Of(bound.Required(0), budget, bound[1]);
        var caseSensitive = bound.Flag(2, false);
        var groups = new List<Value>();
        List<Value>? current = null;
        Value? currentKey = null;
        foreach (var item in Ordering.Sort(Sequences.Items(input, budget), Compared, descending: false, budget))
        {
            if (current is null || !Operators.AreEqual(currentKey!, Compared(item), budget))
            {
                current = [];
                currentKey = Compared(item);
                groups.Add(ListValue.Tuple(key(item), new ListValue(current)));
            }

            current.Add(item);
        }

        return new ListValue(groups);

        Value Compared(Value item) => caseSensitive ? key(item) : Ordering.Folded(key(item));
    }

    private static ListValue Batch(Value input, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("batch", "linecount", "fill_with");
        var size = Math.Max(1, bound.Integer(0, 1));
        var batches = new List<Value>();
        foreach (var chunk in Sequences.Items(input, budget).Chunk(size))
        {
            var items = chunk.ToList();
            if (bound[1] is { } fill && items.Count < size)
            {
                budget.Spend(size);
                items.AddRange(Enumerable.Repeat(fill, size - items.Count));
            }

            batches.Add(new ListValue(items));
        }

        return new ListValue(batches, SequenceKind.Generator);
    }

    private static ListValue Slice(Value input, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("slice", "slices", "fill_with");
        var items = Sequences.Items(input, budget);
        var count = Math.Max(1, bound.Integer(0, 1));
        budget.Spend(count);
        var (size, longer) = (items.Count / count, items.Count % count);
        var slices = new List<Value>(count);
        var start = 0;
        for (var i = 0; i < count; i++)
        {
            var length = size + (i < longer ? 1 : 0);
            var slice = items.GetRange(start, length);
            start += length;
            if (bound[1] is { } fill && longer > 0 && i >= longer)
            {
                slice.Add(fill);
            }

            slices.Add(new ListValue(slice));
        }

        return new ListValue(slices, SequenceKind.Generator);
    }
}
