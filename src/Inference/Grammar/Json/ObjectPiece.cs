using System.Text.Json;
using InferenceServer.Inference.Grammar.Automata;
using InferenceServer.Inference.Grammar.Text;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>
/// Objects: declared members in the order of the schema, each at most once, then others whose names are exactly those
/// that no declaration has taken. One thread.
/// </summary>
internal sealed class ObjectPiece(
    AutomatonBuilder builder, JsonEmitter json, StringPiece strings, SchemaIssues issues, CompileBudget budget, Func<SchemaSet, int> ruleOf)
{
    private static readonly JsonElement False = JsonDocument.Parse("false").RootElement;

    /// <summary>True: an object that declares members and says nothing of others has no others.</summary>
    public bool ClosesObjects { get; init; }

    /// <summary>Adds states that take the objects that the parts allow.</summary>
    public void Add(int from, SchemaParts parts, string place, int to)
    {
        var names = FindNames(parts);
        var others = FindOthers(parts, names, place);
        CheckCounts(parts, names, others.Count > 0);

        // A member is reached from "{" (first) or from a comma; after it stands "last" where nothing more is required.
        var first = builder.AddCall(builder.AddLiteral(from, "{"u8), json.Whitespace);
        var close = builder.AddState();
        builder.AddBytes(close, '}', '}', to);
        var last = builder.AddState();
        builder.AddCall(last, json.Whitespace, close);
        var comma = -1;
        var lastRequired = names.FindLastIndex(parts.Required.ContainsKey);
        for (var i = 0; i < names.Count; i++)
        {
            var member = builder.AddState();
            builder.AddNothing(first, member);
            if (comma >= 0)
            {
                builder.AddNothing(comma, member);
            }

            var after = builder.AddState();
            builder.AddCall(json.AddColon(builder.AddLiteral(member, JsonSpelling.Text(names[i]))), ruleOf(SchemasOf(parts, names[i], place)), after);
            if (i >= lastRequired)
            {
                builder.AddNothing(after, last);
            }

            // Whoever leaves out an optional member goes on to the next one from where it stands.
            var next = json.AddComma(after);
            if (parts.Required.ContainsKey(names[i]))
            {
                first = builder.AddState();
                comma = next;
            }
            else if (comma >= 0)
            {
                builder.AddNothing(comma, next);
                comma = next;
            }
            else
            {
                comma = next;
            }
        }

        if (lastRequired < 0)
        {
            builder.AddNothing(first, close);
        }

        AddOthers(first, comma, others, last);
    }

    private void AddOthers(int first, int comma, List<(TextDfa? Names, SchemaSet Schemas)> others, int last)
    {
        var member = builder.AddState();
        builder.AddNothing(first, member);
        if (comma >= 0)
        {
            builder.AddNothing(comma, member);
        }

        if (others.Count == 0)
        {
            return;
        }

        var after = builder.AddState();
        builder.AddNothing(after, last);
        builder.AddNothing(json.AddComma(after), member);
        foreach (var (names, schemas) in others)
        {
            var colon = builder.AddState();
            if (names is null)
            {
                builder.AddCall(member, json.Text, colon);
            }
            else
            {
                var end = builder.AddState();
                json.AddText(builder.AddLiteral(member, "\""u8), names, end);
                builder.AddBytes(end, '"', '"', colon);
            }

            builder.AddCall(json.AddColon(colon), ruleOf(schemas), after);
        }
    }

    private static List<string> FindNames(SchemaParts parts) =>
        [.. parts.Objects.SelectMany(item => item.Properties.Keys).Concat(parts.Required.Keys).Distinct(StringComparer.Ordinal)];

    private SchemaSet SchemasOf(SchemaParts parts, string name, string place)
    {
        var nodes = new List<SchemaNode>();
        foreach (var item in parts.Objects)
        {
            var isNamed = item.Properties.TryGetValue(name, out var property);
            if (isNamed)
            {
                nodes.Add(property);
            }

            foreach (var (pattern, schema) in item.Patterns)
            {
                if (strings.FindPattern(pattern, schema.Path) is { } texts && texts.Contains(name))
                {
                    nodes.Add(schema);
                    isNamed = true;
                }
            }

            if (!isNamed && item.Additional is { } additional)
            {
                nodes.Add(additional);
            }
        }

        return IsClosed(parts) && !parts.Objects.Exists(item => item.Properties.ContainsKey(name)) && nodes.Count == 0
            ? SchemaSet.Of(new SchemaNode(False, $"{place}/required"))
            : SchemaSet.Of([.. nodes]);
    }

    private bool IsClosed(SchemaParts parts) =>
        ClosesObjects && parts.Objects.Exists(item => item.Properties.Count > 0) && !parts.Objects.Exists(item => item.Additional is not null);

    /// <summary>
    /// The names that are not declared, cut into sets by the patterns that they match, each with what its values have to
    /// fulfil. Null names: any string.
    /// </summary>
    private List<(TextDfa? Names, SchemaSet Schemas)> FindOthers(SchemaParts parts, List<string> names, string place)
    {
        var cells = new List<(TextDfa Names, List<(ObjectKeywords Owner, SchemaNode Schema)> Matches)>
        {
            (names.Count == 0 ? TextDfa.Any : TextDfa.Any.Except(TextDfa.OfTexts(names), budget, place), []),
        };
        foreach (var item in parts.Objects)
        {
            foreach (var (pattern, schema) in item.Patterns)
            {
                if (strings.FindPattern(pattern, schema.Path) is { } texts)
                {
                    cells = [.. cells.SelectMany(cell => new[]
                    {
                        (cell.Names.Intersect(texts, budget, schema.Path), [.. cell.Matches, (item, schema)]),
                        (cell.Names.Except(texts, budget, schema.Path), cell.Matches),
                    }).Where(cell => !cell.Item1.IsEmpty)];
                }
            }
        }

        var isClosed = IsClosed(parts);
        var others = new List<(TextDfa?, SchemaSet)>();
        foreach (var (texts, matches) in cells)
        {
            var additional = parts.Objects.Where(item => item.Additional is not null && !matches.Exists(match => match.Owner == item)).Select(item => item.Additional!.Value);
            SchemaNode[] nodes = [.. matches.Select(match => match.Schema), .. additional];
            if (!nodes.Any(node => node.Element.ValueKind == JsonValueKind.False) && !(isClosed && matches.Count == 0))
            {
                others.Add((texts == TextDfa.Any ? null : texts, SchemaSet.Of(nodes)));
            }
        }

        return others;
    }

    private void CheckCounts(SchemaParts parts, List<string> names, bool isOpen)
    {
        if (parts.MinProperties is { } min && min.Count > parts.Required.Count)
        {
            issues.Unsupported("The keyword \"minProperties\" cannot be enforced here.", min.Place);
        }

        if (parts.MaxProperties is { } max && (isOpen || max.Count < names.Count))
        {
            issues.Unsupported("The keyword \"maxProperties\" cannot be enforced here.", max.Place);
        }
    }
}
