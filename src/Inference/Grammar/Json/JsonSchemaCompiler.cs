using System.Text.Json;
using InferenceServer.Inference.Grammar.Automata;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>
/// Makes rules of a JSON Schema: one rule for every set of schemas that a value has to fulfil together. One use,
/// one thread.
/// </summary>
/// <remarks>
/// Members come in the order of the schema, others after them. Where no <c>type</c> is given, keywords say of what kind the
/// value is: a schema with <c>properties</c> makes objects, although the specification would let everything else pass.
/// </remarks>
internal sealed class JsonSchemaCompiler
{
    private readonly CompileBudget _budget;
    private readonly SchemaIssues _issues;
    private readonly SchemaDocument _document;
    private readonly bool _closesObjects;
    private readonly AutomatonBuilder _builder;
    private readonly JsonEmitter _json;
    private readonly SchemaReader _reader;
    private readonly StringPiece _strings;
    private readonly SchemaDisjointness _disjointness;
    private readonly Dictionary<string, int> _rules = new(StringComparer.Ordinal);
    private readonly Queue<(int Rule, SchemaSet Set)> _open = [];

    private JsonSchemaCompiler(SchemaDocument document, SchemaIssues issues, bool closesObjects, CompileBudget budget, AutomatonBuilder builder, JsonEmitter json)
    {
        _budget = budget;
        _issues = issues;
        _document = document;
        _closesObjects = closesObjects;
        _builder = builder;
        _json = json;
        _reader = new SchemaReader(document, issues, budget);
        _strings = new StringPiece(_builder, _json, issues, budget);
        _disjointness = new SchemaDisjointness(_reader);
    }

    /// <summary>Adds the rules of a schema; returns that of a whole value.</summary>
    /// <param name="builder">Where to.</param>
    /// <param name="json">Of the same builder.</param>
    /// <param name="source">The schema.</param>
    /// <param name="budget">What compiling may use up.</param>
    /// <param name="warnings">What is left out if the source is not strict.</param>
    /// <exception cref="GrammarException">Not a schema, not enforceable under strict, or too complex.</exception>
    public static int AddTo(AutomatonBuilder builder, JsonEmitter json, GrammarSource source, CompileBudget budget, out IEnumerable<string> warnings)
    {
        using var document = SchemaDocument.Parse(source.Text);
        var issues = new SchemaIssues(source.IsStrict);
        var schema = source.SchemaPath.Length == 0 ? document.Root : document.Resolve(source.SchemaPath, source.SchemaPath);
        var root = new JsonSchemaCompiler(document, issues, source.ClosesObjects, budget, builder, json).AddSet(SchemaSet.Of(schema));
        warnings = issues.Warnings;
        return root;
    }

    private int AddSet(SchemaSet set)
    {
        var root = RuleOf(set);
        while (_open.TryDequeue(out var next))
        {
            Fill(next.Rule, next.Set);
        }

        return root;
    }

    /// <summary>The rule of a set; filled later if it is new.</summary>
    private int RuleOf(SchemaSet set)
    {
        set = Simplify(set);
        if (set.Nodes.IsEmpty)
        {
            return _json.Value;
        }

        if (!_rules.TryGetValue(set.Key, out var rule))
        {
            rule = _builder.AddRule(set.Place);
            _rules.Add(set.Key, rule);
            _open.Enqueue((rule, set));
        }

        return rule;
    }

    // Sets that are written differently and mean the same should share a rule.
    private SchemaSet Simplify(SchemaSet set)
    {
        var nodes = set.Nodes.ToList();
        for (var i = 0; i < nodes.Count; i++)
        {
            for (var hops = 0; hops < GrammarLimits.MaxNesting && TryFollow(nodes[i], out var target); hops++)
            {
                nodes[i] = target;
            }
        }

        nodes.RemoveAll(node => node.Element.ValueKind == JsonValueKind.True);
        return set with { Nodes = [.. nodes.DistinctBy(node => node.Path)] };
    }

    private bool TryFollow(SchemaNode node, out SchemaNode target)
    {
        target = default;
        if (node.Element.ValueKind != JsonValueKind.Object || node.Element.GetPropertyCount() != 1 ||
            !node.Element.TryGetProperty("$ref", out var reference) || reference.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        target = _document.Resolve(reference.GetString()!, $"{node.Path}/$ref");
        return true;
    }

    private void Fill(int rule, SchemaSet set)
    {
        _builder.Place = set.Place;
        var parts = _reader.Read(set);
        var (from, to) = (_builder.Entry(rule), _builder.End(rule));
        if (parts.IsNever)
        {
            return;
        }

        if (parts.Alternatives.Count > 0)
        {
            var (path, isExclusive, options) = parts.Alternatives[0];
            var sets = options.Select((_, index) => set.Choose(path, index)).ToList();
            if (isExclusive)
            {
                CheckExclusive(path, sets);
            }

            foreach (var option in sets)
            {
                _builder.AddCall(from, RuleOf(option), to);
            }

            return;
        }

        if (parts.Values is { } values)
        {
            AddValues(from, [.. values.Where(value => Fits(value, parts, set))], to);
            return;
        }

        AddTypes(from, parts, set, to);
    }

    private void CheckExclusive(string path, List<SchemaSet> options)
    {
        for (var i = 0; i < options.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                _budget.CheckClock(path);
                if (!_disjointness.AreDisjoint(options[j], options[i]))
                {
                    _issues.Unsupported($"\"oneOf\" cannot be enforced: a value could fit alternatives {j} and {i}.", path);
                    return;
                }
            }
        }
    }

    private void AddTypes(int from, SchemaParts parts, SchemaSet set, int to)
    {
        var types = parts.Types;
        void AddIf(JsonTypes type, int rule)
        {
            if ((types & type) != 0)
            {
                _builder.AddCall(from, rule, to);
            }
        }

        AddIf(JsonTypes.Null, _json.Null);
        AddIf(JsonTypes.Boolean, _json.Boolean);
        if ((types & JsonTypes.Number) != 0)
        {
            _builder.AddCall(from, NumberPiece.RuleOf(parts, _json, _budget, set.Place), to);
        }

        if ((types & JsonTypes.String) != 0)
        {
            _builder.AddCall(from, _strings.RuleOf(parts, set.Place), to);
        }

        if ((types & JsonTypes.Array) != 0)
        {
            new ArrayPiece(_builder, _json, _issues, RuleOf).Add(from, parts, set.Place, to);
        }

        if ((types & JsonTypes.Object) != 0)
        {
            new ObjectPiece(_builder, _json, _strings, _issues, _budget, RuleOf) { ClosesObjects = _closesObjects }.Add(from, parts, set.Place, to);
        }
    }

    /// <summary>True if a value of enum or const fits everything else, so that it may be generated.</summary>
    private bool Fits(JsonElement value, SchemaParts parts, SchemaSet set)
    {
        if ((parts.NamedTypes & SchemaKeywords.TypeOf(value)) == 0)
        {
            return false;
        }

        if (parts.AboutTypes == JsonTypes.None || (parts.AboutTypes & SchemaKeywords.TypeOf(value)) == 0)
        {
            return true;
        }

        // The rest is a grammar too: ask it.
        var builder = new AutomatonBuilder(_budget);
        var compiler = new JsonSchemaCompiler(_document, _issues, _closesObjects, _budget, builder, new JsonEmitter(builder));
        try
        {
            return builder.Build(compiler.AddSet(set with { IgnoresValues = true })).Matches(JsonSpelling.Compact(value));
        }
        catch (GrammarException exception) when (exception.Error.Kind == GrammarErrorKind.Unsatisfiable)
        {
            return false;
        }
    }

    // Scalars as a tree of their bytes, so that a thousand of them are one way to follow and not a thousand.
    private void AddValues(int from, List<JsonElement> values, int to)
    {
        var tree = new Dictionary<(int, byte), int>();
        foreach (var value in values)
        {
            if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            {
                _json.AddConstant(from, value, to);
                continue;
            }

            var state = from;
            foreach (var item in JsonSpelling.Scalar(value))
            {
                if (!tree.TryGetValue((state, item), out var next))
                {
                    next = _builder.AddState();
                    _builder.AddBytes(state, item, item, next);
                    tree.Add((state, item), next);
                }

                state = next;
            }

            _builder.AddNothing(state, to);
        }
    }
}
