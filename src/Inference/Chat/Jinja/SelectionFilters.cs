namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Filters that apply another filter or a test, given by name, to each item.</summary>
internal static class SelectionFilters
{
    public static void AddTo(Dictionary<string, Filter> filters)
    {
        filters["map"] = Map;
        filters["select"] = (input, arguments, budget) => Select(input, arguments, byAttribute: false, wanted: true, budget);
        filters["reject"] = (input, arguments, budget) => Select(input, arguments, byAttribute: false, wanted: false, budget);
        filters["selectattr"] = (input, arguments, budget) => Select(input, arguments, byAttribute: true, wanted: true, budget);
        filters["rejectattr"] = (input, arguments, budget) => Select(input, arguments, byAttribute: true, wanted: false, budget);
    }

    private static ListValue Map(Value input, Arguments arguments, RenderBudget budget)
    {
        var items = ItemsIfAny(input, budget);
        if (arguments.Positional.Count == 0)
        {
            var bound = arguments.Bind("map", "attribute", "default");
            var key = ItemKey.Of(bound.Required(0), budget, bound[1]);
            return new ListValue(items.ConvertAll(item => key(item)), SequenceKind.Generator);
        }

        var name = Name(arguments, 0);
        var rest = arguments with { Positional = [.. arguments.Positional.Skip(1)] };
        return new ListValue(items.ConvertAll(item => Filters.Apply(name, item, rest, budget)), SequenceKind.Generator);
    }

    private static ListValue Select(Value input, Arguments arguments, bool byAttribute, bool wanted, RenderBudget budget)
    {
        var first = byAttribute ? 1 : 0;
        var key = byAttribute
            ? ItemKey.Of(arguments.Positional.Count > 0 ? arguments.Positional[0] : throw Failures.Type("Missing parameter for attribute name"), budget)
            : item => item;
        var test = arguments.Positional.Count > first ? Name(arguments, first) : null;
        var rest = arguments with { Positional = [.. arguments.Positional.Skip(first + 1)] };
        var items = ItemsIfAny(input, budget).FindAll(item =>
        {
            budget.Spend();
            var value = key(item);
            return (test is null ? value.IsTrue : Tests.Holds(test, value, rest, budget)) == wanted;
        });
        return new ListValue(items, SequenceKind.Generator);
    }

    // jinja2 looks at nothing in what is false, so None gives no items here.
    private static List<Value> ItemsIfAny(Value input, RenderBudget budget) => input.IsTrue ? Sequences.Items(input, budget) : [];

    private static string Name(Arguments arguments, int index) =>
        arguments.Positional[index] is TextValue name ? name.Text : throw Failures.Type("a filter's or test's name must be a string");
}
