namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Methods of dictionaries.</summary>
internal static class DictMethods
{
    public static BuiltinValue? Find(DictValue dict, string name)
    {
        Func<Arguments, RenderBudget, Value>? method = name switch
        {
            "get" => (arguments, budget) => Get(dict, arguments, budget),
            "items" => (_, budget) => Items(dict, budget),
            "keys" => (_, budget) => new ListValue(Sequences.Items(dict, budget)),
            "values" => (_, budget) => Values(dict, budget),
            "pop" => (arguments, budget) => Pop(dict, arguments, budget),
            "popitem" => (_, _) => PopItem(dict),
            "setdefault" => (arguments, budget) => SetDefault(dict, arguments, budget),
            "update" => (arguments, budget) => Update(dict, arguments, budget),
            "copy" => (_, budget) => Copy(dict, budget),
            "clear" => (_, _) => Clear(dict),
            _ => null,
        };
        return method is null ? null : new BuiltinValue(name, method);
    }

    /// <summary>The entries as pairs.</summary>
    public static ListValue Items(DictValue dict, RenderBudget budget)
    {
        budget.Spend(1 + dict.Count);
        return new ListValue([.. dict.Entries.Select(entry => ListValue.Tuple(entry.Key, entry.Value))]);
    }

    private static Value Get(DictValue dict, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("get", "key", "default");
        budget.SpendValue(bound.Required(0));
        return dict.TryGet(bound.Required(0), out var value) ? value : bound[1] ?? NoneValue.Instance;
    }

    private static ListValue Values(DictValue dict, RenderBudget budget)
    {
        budget.Spend(1 + dict.Count);
        return new ListValue([.. dict.Values]);
    }

    private static Value Pop(DictValue dict, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("pop", "key", "default");
        budget.SpendValue(bound.Required(0));
        budget.Spend(dict.Count);
        return dict.Remove(bound.Required(0), out var value)
            ? value
            : bound[1] ?? throw Failures.Type($"KeyError: {PythonText.Repr(bound.Required(0), budget).Text}");
    }

    private static ListValue PopItem(DictValue dict)
    {
        if (dict.Count == 0)
        {
            throw Failures.Type("popitem(): dictionary is empty");
        }

        var (key, value) = dict.RemoveLast();
        return ListValue.Tuple(key, value);
    }

    private static Value SetDefault(DictValue dict, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("setdefault", "key", "default");
        budget.SpendValue(bound.Required(0));
        if (dict.TryGet(bound.Required(0), out var value))
        {
            return value;
        }

        value = bound[1] ?? NoneValue.Instance;
        dict.Set(bound.Required(0), value);
        return value;
    }

    private static NoneValue Update(DictValue dict, Arguments arguments, RenderBudget budget)
    {
        foreach (var other in arguments.Positional)
        {
            if (other is not DictValue source)
            {
                throw Failures.Type($"'{other.TypeName}' object is not a mapping");
            }

            budget.Spend(source.Count);
            foreach (var (key, value) in source.Entries.ToArray())
            {
                dict.Set(key, value);
            }
        }

        foreach (var (key, value) in arguments.Named)
        {
            dict.Set(key, value);
        }

        return NoneValue.Instance;
    }

    private static DictValue Copy(DictValue dict, RenderBudget budget)
    {
        budget.Spend(1 + dict.Count);
        return dict.Copy();
    }

    private static NoneValue Clear(DictValue dict)
    {
        dict.Clear();
        return NoneValue.Instance;
    }
}
