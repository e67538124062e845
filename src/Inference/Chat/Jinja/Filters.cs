using System.Text.Json;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>A filter: gets its input, its arguments and the budget to pay from.</summary>
internal delegate Value Filter(Value input, Arguments arguments, RenderBudget budget);

/// <summary>All filters by name, and those that take a value of any type.</summary>
internal static class Filters
{
    private static readonly Dictionary<string, Filter> ByName = Build();

    public static Value Apply(string name, Value input, Arguments arguments, RenderBudget budget)
    {
        budget.SpendValue(input);
        return ByName.TryGetValue(name, out var filter)
            ? filter(input, arguments, budget)
            : throw Failures.Type($"No filter named '{name}'.");
    }

    public static bool Knows(string name) => ByName.ContainsKey(name);

    private static Dictionary<string, Filter> Build()
    {
        var filters = new Dictionary<string, Filter>(StringComparer.Ordinal)
        {
            ["default"] = Default,
            ["d"] = Default,
            ["length"] = Length,
            ["count"] = Length,
            ["string"] = (input, _, budget) => PythonText.Str(input, budget),
            ["safe"] = (input, _, budget) => PythonText.Str(input, budget).AsMarkup(),
            ["tojson"] = ToJson,
            ["from_json"] = FromJson,
            ["fromjson"] = FromJson,
            ["attr"] = (input, arguments, _) => Members.Attribute(input, arguments.Bind("attr", "name").RequiredText(0).Text),
            ["pprint"] = (input, _, budget) => PythonText.Repr(input, budget),
        };
        NumberFilters.AddTo(filters);
        TextFilters.AddTo(filters);
        SequenceFilters.AddTo(filters);
        SelectionFilters.AddTo(filters);
        return filters;
    }

    private static Value Default(Value input, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("default", "default_value", "boolean");
        var isMissing = input is UndefinedValue || (bound.Flag(1, false) && !input.IsTrue);
        return isMissing ? bound[0] ?? TextValue.Empty : input;
    }

    private static IntegerValue Length(Value input, Arguments arguments, RenderBudget budget)
    {
        var length = Sequences.Length(input, budget) ?? throw Failures.Type($"object of type '{input.TypeName}' has no len()");
        return Numbers.Counted(length, input is TextValue { IsTemplate: true });
    }

    private static TextValue ToJson(Value input, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys");
        var indent = bound[1] switch
        {
            TextValue text => text.Text,
            _ => bound.OptionalInteger(1) is { } width ? new string(' ', Math.Clamp(width, 0, 1000)) : null,
        };
        var (item, key) = Separators(bound[2], budget) ?? (indent is null ? ", " : ",", ": ");
        return new JsonText(budget, bound.Flag(0, false), indent, item, key, bound.Flag(3, false)).Write(input);
    }

    private static (string Item, string Key)? Separators(Value? value, RenderBudget budget)
    {
        if (value is null or NoneValue)
        {
            return null;
        }

        return Sequences.Items(value, budget) is [TextValue item, TextValue key]
            ? (item.Text, key.Text)
            : throw Failures.Type("separators must be two strings");
    }

    private static Value FromJson(Value input, Arguments arguments, RenderBudget budget)
    {
        if (input is not TextValue text)
        {
            throw Failures.Type($"the JSON object must be str, not {input.TypeName}");
        }

        try
        {
            budget.Spend(text.Text.Length);
            using var document = JsonDocument.Parse(text.Text);
            return JsonValues.Of(document.RootElement);
        }
        catch (JsonException failure)
        {
            throw Failures.Type($"invalid JSON: {failure.Message}");
        }
    }
}
