namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Methods of lists and, where they change nothing, of tuples.</summary>
internal static class ListMethods
{
    public static BuiltinValue? Find(ListValue list, string name)
    {
        Func<Arguments, RenderBudget, Value>? method = name switch
        {
            "index" => (arguments, budget) => Numbers.Counted(IndexOf(list, arguments, budget), fromTemplate: false),
            "count" => (arguments, budget) => Count(list, arguments, budget),
            _ => null,
        };
        if (method is null && list.Kind == SequenceKind.List)
        {
            method = FindMutating(list, name);
        }

        return method is null ? null : new BuiltinValue(name, method);
    }

    private static Func<Arguments, RenderBudget, Value>? FindMutating(ListValue list, string name) => name switch
    {
        "append" => (arguments, _) => Insert(list, list.Items.Count, arguments.Bind("append", "object").Required(0)),
        "insert" => (arguments, budget) => InsertAt(list, arguments.Bind("insert", "index", "object"), budget),
        "extend" => (arguments, budget) => Extend(list, arguments.Bind("extend", "iterable").Required(0), budget),
        "pop" => (arguments, budget) => Pop(list, arguments.Bind("pop", "index"), budget),
        "remove" => (arguments, budget) => RemoveAt(list, IndexOf(list, arguments, budget)),
        "reverse" => (_, budget) => Reverse(list, budget),
        "sort" => (arguments, budget) => Sort(list, arguments.Bind("sort", "reverse"), budget),
        "clear" => (_, _) => Clear(list),
        "copy" => (_, budget) => new ListValue(Sequences.Items(list, budget)),
        _ => null,
    };

    private static int IndexOf(ListValue list, Arguments arguments, RenderBudget budget)
    {
        var item = arguments.Bind("index", "value").Required(0);
        var index = list.Items.FindIndex(candidate => Operators.AreEqual(candidate, item, budget));
        return index >= 0 ? index : throw Failures.Type($"{PythonText.Repr(item, budget).Text} is not in list");
    }

    private static IntegerValue Count(ListValue list, Arguments arguments, RenderBudget budget)
    {
        var item = arguments.Bind("count", "value").Required(0);
        return Numbers.Counted(list.Items.Count(candidate => Operators.AreEqual(candidate, item, budget)), fromTemplate: false);
    }

    private static NoneValue Insert(ListValue list, int index, Value item)
    {
        list.Items.Insert(index, item);
        return NoneValue.Instance;
    }

    private static NoneValue InsertAt(ListValue list, BoundArguments bound, RenderBudget budget)
    {
        budget.Spend(list.Items.Count);
        var index = bound.Integer(0, 0);
        return Insert(list, Math.Clamp(index < 0 ? index + list.Items.Count : index, 0, list.Items.Count), bound.Required(1));
    }

    private static NoneValue Extend(ListValue list, Value iterable, RenderBudget budget)
    {
        list.Items.AddRange(Sequences.Items(iterable, budget));
        return NoneValue.Instance;
    }

    private static Value Pop(ListValue list, BoundArguments bound, RenderBudget budget)
    {
        budget.Spend(list.Items.Count);
        var index = bound.Integer(0, -1);
        index = index < 0 ? index + list.Items.Count : index;
        if (index < 0 || index >= list.Items.Count)
        {
            throw Failures.Type(list.Items.Count == 0 ? "pop from empty list" : "pop index out of range");
        }

        var item = list.Items[index];
        list.Items.RemoveAt(index);
        return item;
    }

    private static NoneValue RemoveAt(ListValue list, int index)
    {
        list.Items.RemoveAt(index);
        return NoneValue.Instance;
    }

    private static NoneValue Reverse(ListValue list, RenderBudget budget)
    {
        budget.Spend(list.Items.Count);
        list.Items.Reverse();
        return NoneValue.Instance;
    }

    private static NoneValue Sort(ListValue list, BoundArguments bound, RenderBudget budget)
    {
        var sorted = Ordering.Sort(list.Items, item => item, bound.Flag(0, false), budget);
        list.Items.Clear();
        list.Items.AddRange(sorted);
        return NoneValue.Instance;
    }

    private static NoneValue Clear(ListValue list)
    {
        list.Items.Clear();
        return NoneValue.Instance;
    }
}
