using System.Text.Json;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>Tells whether two sets of schemas have no value in common, as far as that shows in kinds, constants and required members. One thread.</summary>
internal sealed class SchemaDisjointness(SchemaReader reader)
{
    // Deep enough for a tagged union inside a tagged union.
    private const int MaxDepth = 4;

    /// <summary>True: no value fits both. False: one might.</summary>
    public bool AreDisjoint(SchemaSet left, SchemaSet right) => AreDisjoint(left, right, 0);

    private bool AreDisjoint(SchemaSet left, SchemaSet right, int depth)
    {
        var (a, b) = (reader.Read(left), reader.Read(right));
        if (a.IsNever || b.IsNever || (TypesOf(a) & TypesOf(b)) == 0)
        {
            return true;
        }

        if (a.Values is { } values && b.Values is { } others)
        {
            return !values.Exists(value => others.Exists(other => JsonElement.DeepEquals(value, other)));
        }

        if (depth == MaxDepth)
        {
            return false;
        }

        if (a.Alternatives.Count > 0)
        {
            var (path, _, options) = a.Alternatives[0];
            return Enumerable.Range(0, options.Count).All(index => AreDisjoint(left.Choose(path, index), right, depth + 1));
        }

        if (b.Alternatives.Count > 0)
        {
            return AreDisjoint(right, left, depth);
        }

        return (TypesOf(a) & TypesOf(b)) switch
        {
            JsonTypes.Object => AreObjectsDisjoint(a, b, depth) || AreObjectsDisjoint(b, a, depth),
            JsonTypes.Integer or JsonTypes.Fraction or JsonTypes.Number => AreNumbersDisjoint(a, b) || AreNumbersDisjoint(b, a),
            _ => false,
        };
    }

    private static JsonTypes TypesOf(SchemaParts parts) =>
        parts.Values is { } values ? values.Aggregate(JsonTypes.None, (types, value) => types | SchemaKeywords.TypeOf(value)) & parts.NamedTypes : parts.Types;

    private static bool AreNumbersDisjoint(SchemaParts lower, SchemaParts upper) =>
        lower.Maximum is { } max && upper.Minimum is { } min &&
        (max.CompareNumber(min) < 0 || (max.CompareNumber(min) == 0 && (max.IsExclusive || min.IsExclusive)));

    private bool AreObjectsDisjoint(SchemaParts a, SchemaParts b, int depth)
    {
        foreach (var name in a.Required.Keys)
        {
            var isForbidden = b.Objects.Exists(item => item.Additional?.Element.ValueKind == JsonValueKind.False && item.Patterns.Count == 0 && !item.Properties.ContainsKey(name));
            var mine = SchemasOf(a, name);
            var theirs = SchemasOf(b, name);
            if (isForbidden || (b.Required.ContainsKey(name) && mine.Length > 0 && theirs.Length > 0 && AreDisjoint(SchemaSet.Of(mine), SchemaSet.Of(theirs), depth + 1)))
            {
                return true;
            }
        }

        return false;
    }

    private static SchemaNode[] SchemasOf(SchemaParts parts, string name) =>
        [.. parts.Objects.Where(item => item.Properties.ContainsKey(name)).Select(item => item.Properties[name])];
}
