using InferenceServer.Inference.Grammar.Automata;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>Arrays: tuples, lists, and how long they are. One thread.</summary>
/// <param name="builder">Gets states and edges.</param>
/// <param name="json">Pieces of JSON.</param>
/// <param name="issues">What cannot be enforced.</param>
/// <param name="ruleOf">The rule of a set of schemas.</param>
internal sealed class ArrayPiece(AutomatonBuilder builder, JsonEmitter json, SchemaIssues issues, Func<SchemaSet, int> ruleOf)
{
    /// <summary>Every item up to the bound takes some five states.</summary>
    private const int MaxCountedItems = GrammarLimits.MaxStates / 10;

    /// <summary>Adds states that take the arrays that the parts allow.</summary>
    public void Add(int from, SchemaParts parts, string place, int to)
    {
        var numPrefixed = parts.Arrays.Select(array => array.Prefix.Count).DefaultIfEmpty(0).Max();
        var max = parts.MaxItems == int.MaxValue ? null : parts.MaxItems;
        if (max > MaxCountedItems)
        {
            issues.Unsupported($"\"maxItems\" can be enforced up to {MaxCountedItems}.", $"{place}/maxItems");
            max = null;
        }

        if (max < parts.MinItems)
        {
            return;
        }

        var first = builder.AddCall(builder.AddLiteral(from, "["u8), json.Whitespace);
        var close = builder.AddState();
        builder.AddBytes(close, ']', ']', to);
        if (parts.MinItems == 0)
        {
            builder.AddNothing(first, close);
        }

        var last = builder.AddState();
        builder.AddCall(last, json.Whitespace, close);

        // The state before an item, its comma taken.
        var before = first;
        var numSingle = max ?? Math.Max(Math.Max(numPrefixed, parts.MinItems), 1);
        for (var i = 0; i < numSingle; i++)
        {
            var after = builder.AddCall(before, ruleOf(SchemasAt(parts, i)));
            if (i + 1 >= parts.MinItems)
            {
                builder.AddNothing(after, last);
            }

            before = i + 1 < max || max is null ? json.AddComma(after) : after;
            if (max is null && i + 1 == numSingle)
            {
                AddLoop(before, ruleOf(SchemasAt(parts, Math.Max(numPrefixed, 1))), last);
            }
        }
    }

    private void AddLoop(int before, int item, int last)
    {
        var after = builder.AddCall(before, item);
        builder.AddNothing(after, last);
        builder.AddNothing(json.AddComma(after), before);
    }

    private static SchemaSet SchemasAt(SchemaParts parts, int index)
    {
        var nodes = new List<SchemaNode>();
        foreach (var array in parts.Arrays)
        {
            if (index < array.Prefix.Count)
            {
                nodes.Add(array.Prefix[index]);
            }
            else if (array.Items is { } items)
            {
                nodes.Add(items);
            }
        }

        return SchemaSet.Of([.. nodes]);
    }
}
