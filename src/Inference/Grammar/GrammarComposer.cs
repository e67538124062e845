using System.Collections.Immutable;
using System.Text;
using InferenceServer.Inference.Grammar.Automata;
using InferenceServer.Inference.Grammar.Gbnf;
using InferenceServer.Inference.Grammar.Json;
using InferenceServer.Inference.Grammar.Text;

namespace InferenceServer.Inference.Grammar;

/// <summary>Adds sources in any of the languages to one automaton. One use, one thread.</summary>
internal sealed class GrammarComposer
{
    private readonly CompileBudget _budget;
    private readonly AutomatonBuilder _builder;
    private readonly JsonEmitter _json;
    private readonly List<string> _warnings = [];

    // Tools often share a schema.
    private readonly Dictionary<GrammarSource, int> _rules = [];

    public GrammarComposer(CompileBudget budget)
    {
        _budget = budget;
        _builder = new AutomatonBuilder(budget);
        _json = new JsonEmitter(_builder);
    }

    /// <summary>What sources that are not strict asked for and do not get.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>The automaton of a source.</summary>
    /// <exception cref="GrammarException">Whatever is wrong with it.</exception>
    public Automaton Compile(GrammarSource source) => _builder.Build(RuleOf(source, name: null));

    private int RuleOf(GrammarSource source, string? name)
    {
        if (!_rules.TryGetValue(source, out var rule))
        {
            rule = AddRule(source, name);
            _rules.Add(source, rule);
        }

        return rule;
    }

    private int AddRule(GrammarSource source, string? name)
    {
        switch (source.Kind)
        {
            case GrammarKind.JsonSchema:
                var root = JsonSchemaCompiler.AddTo(_builder, _json, source, _budget, out var warnings);
                _warnings.AddRange(warnings.Select(warning => name is null ? warning : $"{name}: {warning}"));
                return root;
            case GrammarKind.JsonObject:
                return _json.Object;
            case GrammarKind.Regex:
                return RegexCompiler.AddTo(_builder, source.Text, _budget);
            case GrammarKind.Gbnf:
                return GbnfCompiler.AddTo(_builder, source.Text);
            default:
                var rule = _builder.AddRule("composition");
                Add(_builder.Entry(rule), source.Parts!, _builder.End(rule));
                return rule;
        }
    }

    private void Add(int from, GrammarPart part, int to)
    {
        switch (part)
        {
            case GrammarPart.Literal literal:
                _builder.AddNothing(_builder.AddLiteral(from, Encoding.UTF8.GetBytes(literal.Text)), to);
                break;
            case GrammarPart.ControlToken token:
                _builder.AddNothing(_builder.AddLiteral(from, ControlSpelling.Of(Encoding.UTF8.GetBytes(token.Name))), to);
                break;
            case GrammarPart.FreeText text:
                FreeTextEmitter.Add(_builder, from, text.Excluded, to);
                break;
            case GrammarPart.Embedded embedded:
                _builder.AddCall(from, RuleOf(embedded.Source, embedded.Name), to);
                break;
            case GrammarPart.Sequence sequence:
                AddSequence(from, sequence.Items, to);
                break;
            case GrammarPart.Choice choice:
                foreach (var option in choice.Options)
                {
                    // A state of its own: a loop in one option must not lead into the next.
                    var start = _builder.AddState();
                    _builder.AddNothing(from, start);
                    Add(start, option, to);
                }

                break;
            case GrammarPart.Repeat repeat:
                AddRepeat(from, repeat, to);
                break;
            default:
                throw new InvalidOperationException($"{part.GetType().Name} is no part of a grammar.");
        }
    }

    private void AddSequence(int from, ImmutableArray<GrammarPart> items, int to)
    {
        foreach (var item in items)
        {
            var next = _builder.AddState();
            Add(from, item, next);
            from = next;
        }

        _builder.AddNothing(from, to);
    }

    // What is repeated is a rule of its own, so that it is built once.
    private void AddRepeat(int from, GrammarPart.Repeat repeat, int to)
    {
        var rule = _builder.AddRule();
        Add(_builder.Entry(rule), repeat.Item, _builder.End(rule));
        for (var i = 0; i < repeat.Min; i++)
        {
            from = _builder.AddCall(from, rule);
        }

        if (repeat.Max is not { } max)
        {
            var loop = _builder.AddState();
            _builder.AddNothing(from, loop);
            _builder.AddCall(loop, rule, loop);
            from = loop;
        }
        else
        {
            for (var i = repeat.Min; i < max; i++)
            {
                _builder.AddNothing(from, to);
                from = _builder.AddCall(from, rule);
            }
        }

        _builder.AddNothing(from, to);
    }
}
