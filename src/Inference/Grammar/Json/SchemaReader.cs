using System.Text.Json;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>
/// Reads what a set of schemas asks for: follows references, merges allOf, takes the chosen alternatives, checks the value
/// of every keyword. One thread.
/// </summary>
internal sealed class SchemaReader(SchemaDocument document, SchemaIssues issues, CompileBudget budget)
{
    // They say something about the schema or to people, nothing about values.
    private static readonly HashSet<string> Annotations = new(StringComparer.Ordinal)
    {
        "title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "$schema", "$id", "$comment", "$defs", "definitions",
        "$vocabulary", "$anchor", "contentEncoding", "contentMediaType", "contentSchema",
    };

    /// <summary>What the set asks for.</summary>
    /// <exception cref="GrammarException">A keyword has a value it cannot have, or under strict cannot be enforced.</exception>
    public SchemaParts Read(SchemaSet set)
    {
        var parts = new SchemaParts();
        var open = new HashSet<string>(StringComparer.Ordinal);
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in set.Nodes)
        {
            Add(node, set, parts, open, done);
        }

        return parts;
    }

    private void Add(SchemaNode node, SchemaSet set, SchemaParts parts, HashSet<string> open, HashSet<string> done)
    {
        if (open.Contains(node.Path))
        {
            throw new GrammarException(GrammarErrorKind.LeftRecursion, "This schema refers to itself without anything in between.", node.Path);
        }

        if (!done.Add(node.Path))
        {
            return;
        }

        budget.SpendSchema(node.Path);
        switch (node.Element.ValueKind)
        {
            case JsonValueKind.True:
                return;
            case JsonValueKind.False:
                parts.IsNever = true;
                return;
            case not JsonValueKind.Object:
                throw Invalid("A schema is an object or a boolean.", node.Path);
        }

        open.Add(node.Path);
        var keywords = new SchemaKeywords(node, parts, issues);
        foreach (var property in node.Element.EnumerateObject())
        {
            AddKeyword(property, node, set, parts, open, done, keywords);
        }

        keywords.Finish();
        open.Remove(node.Path);
    }

    private void AddKeyword(
        JsonProperty property, SchemaNode node, SchemaSet set, SchemaParts parts, HashSet<string> open, HashSet<string> done, SchemaKeywords keywords)
    {
        var (name, value) = (property.Name, property.Value);
        var place = $"{node.Path}/{name}";
        switch (name)
        {
            case "$ref":
                var target = document.Resolve(value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Invalid("A reference is a string.", place), place);
                Add(target, set, parts, open, done);
                break;
            case "allOf":
                foreach (var schema in Schemas(node, name, value))
                {
                    Add(schema, set, parts, open, done);
                }

                break;
            case "anyOf" or "oneOf":
                var options = Schemas(node, name, value);
                if (set.Choices.TryGetValue(place, out var chosen))
                {
                    Add(options[chosen], set, parts, open, done);
                }
                else
                {
                    parts.Alternatives.Add((place, name == "oneOf", options));
                }

                break;
            case "enum" or "const" when set.IgnoresValues:
                break;
            default:
                if (!keywords.TryAdd(name, value, place) && !Annotations.Contains(name) && !name.StartsWith("x-", StringComparison.Ordinal))
                {
                    issues.Unsupported($"The keyword \"{name}\" cannot be enforced.", place);
                }

                break;
        }
    }

    private static List<SchemaNode> Schemas(SchemaNode node, string keyword, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
        {
            throw Invalid($"\"{keyword}\" is a list of at least one schema.", $"{node.Path}/{keyword}");
        }

        return [.. value.EnumerateArray().Select((item, index) => node.At(keyword, index, item))];
    }

    private static GrammarException Invalid(string message, string place) => new(GrammarErrorKind.Invalid, message, place);
}
