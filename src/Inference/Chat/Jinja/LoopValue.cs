namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>The <c>loop</c> variable: where a loop is, and for a recursive one, the way to run it again one level down.</summary>
internal sealed class LoopValue(IReadOnlyList<Value> items, int depth, Func<Value, TextValue>? recurse) : CallableValue
{
    private IReadOnlyList<Value>? _lastChanged;

    /// <summary>Index of the current item, from 0.</summary>
    public int Index { get; set; }

    public override string TypeName => "LoopContext";

    public override Value Call(Arguments arguments, RenderBudget budget) =>
        recurse is null
            ? throw Failures.Type("The loop must have the 'recursive' marker to be called recursively.")
            : recurse(arguments.Bind("loop", "iterable").Required(0));

    /// <summary>An attribute; null for a name that loops do not have.</summary>
    public Value? Find(string name) => name switch
    {
        "index" => Count(Index + 1),
        "index0" => Count(Index),
        "revindex" => Count(items.Count - Index),
        "revindex0" => Count(items.Count - Index - 1),
        "first" => BoolValue.Of(Index == 0),
        "last" => BoolValue.Of(Index == items.Count - 1),
        "length" => Count(items.Count),
        "depth" => Count(depth),
        "depth0" => Count(depth - 1),
        "previtem" => Index > 0 ? items[Index - 1] : new UndefinedValue("there is no previous item"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new UndefinedValue("there is no next item"),
        "cycle" => new BuiltinValue("cycle", (arguments, _) => arguments.Positional.Count == 0
            ? throw Failures.Type("no items for cycling given")
            : arguments.Positional[Index % arguments.Positional.Count]),
        "changed" => new BuiltinValue("changed", (arguments, budget) => BoolValue.Of(HasChanged(arguments.Positional, budget))),
        _ => null,
    };

    private bool HasChanged(IReadOnlyList<Value> values, RenderBudget budget)
    {
        var changed = _lastChanged is null || _lastChanged.Count != values.Count;
        for (var i = 0; !changed && i < values.Count; i++)
        {
            changed = !Operators.AreEqual(_lastChanged![i], values[i], budget);
        }

        _lastChanged = values;
        return changed;
    }

    // The interpreter counts, whatever it counts: these digits are the template's.
    private static IntegerValue Count(int number) => Numbers.Counted(number, fromTemplate: true);
}
