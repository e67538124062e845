using InferenceServer.Inference.Grammar.Automata;
using InferenceServer.Inference.Grammar.Text;

namespace InferenceServer.Inference.Grammar.Gbnf;

/// <summary>Makes rules of llama.cpp's grammar text. One use, one thread.</summary>
internal sealed class GbnfCompiler
{
    private readonly AutomatonBuilder _builder;
    private readonly Utf8Emitter _utf8;
    private readonly Dictionary<string, int> _rules = new(StringComparer.Ordinal);

    private GbnfCompiler(AutomatonBuilder builder)
    {
        _builder = builder;
        _utf8 = new Utf8Emitter(_builder);
    }

    /// <summary>Adds the rules of a grammar; returns <c>root</c>.</summary>
    /// <exception cref="GrammarException">Not well-formed, a rule is missing, too complex.</exception>
    public static int AddTo(AutomatonBuilder builder, string text)
    {
        var nodes = GbnfParser.Parse(text);
        if (!nodes.ContainsKey("root"))
        {
            throw new GrammarException(GrammarErrorKind.Invalid, "There is no rule \"root\".", $"offset {text.Length}");
        }

        var compiler = new GbnfCompiler(builder);
        foreach (var name in nodes.Keys)
        {
            compiler._rules.Add(name, compiler._builder.AddRule(name));
        }

        foreach (var (name, node) in nodes)
        {
            var rule = compiler._rules[name];
            compiler._builder.Place = name;
            compiler._builder.AddNothing(compiler.Add(compiler._builder.Entry(rule), node), compiler._builder.End(rule));
        }

        return compiler._rules["root"];
    }

    /// <summary>Adds states that take a text of the node; returns the last, which may be the first.</summary>
    private int Add(int from, SyntaxNode node)
    {
        switch (node)
        {
            case SyntaxNode.Characters characters:
                {
                    var to = _builder.AddState();
                    _utf8.AddCharacter(from, characters.Set, to);
                    return to;
                }

            case SyntaxNode.Reference reference:
                return _rules.TryGetValue(reference.Name, out var rule)
                    ? _builder.AddCall(from, rule)
                    : throw new GrammarException(GrammarErrorKind.Invalid, $"There is no rule \"{reference.Name}\".", $"offset {reference.Offset}");
            case SyntaxNode.Sequence sequence:
                foreach (var item in sequence.Items)
                {
                    from = Add(from, item);
                }

                return from;
            case SyntaxNode.Choice choice:
                {
                    var to = _builder.AddState();
                    foreach (var option in choice.Options)
                    {
                        // A state of its own: a loop in one option must not lead into the next.
                        var start = _builder.AddState();
                        _builder.AddNothing(from, start);
                        _builder.AddNothing(Add(start, option), to);
                    }

                    return to;
                }

            case SyntaxNode.Repeat repeat:
                return AddRepeat(from, repeat);
            default:
                throw new InvalidOperationException($"{node.GetType().Name} is no part of a grammar.");
        }
    }

    private int AddRepeat(int from, SyntaxNode.Repeat repeat)
    {
        // What is copied is made small first: a rule of its own.
        var item = repeat.Item;
        var isCopied = repeat.Min > 1 || repeat.Max > 1;
        var rule = isCopied && item is not SyntaxNode.Characters and not SyntaxNode.Reference ? AddHiddenRule(item) : -1;
        int AddItem(int state) => rule >= 0 ? _builder.AddCall(state, rule) : Add(state, item);
        for (var i = 0; i < repeat.Min; i++)
        {
            from = AddItem(from);
        }

        var end = _builder.AddState();
        if (repeat.Max is { } max)
        {
            for (var i = repeat.Min; i < max; i++)
            {
                _builder.AddNothing(from, end);
                var start = _builder.AddState();
                _builder.AddNothing(from, start);
                from = AddItem(start);
            }

            _builder.AddNothing(from, end);
            return end;
        }

        var loop = _builder.AddState();
        _builder.AddNothing(from, loop);
        _builder.AddNothing(AddItem(loop), loop);
        _builder.AddNothing(loop, end);
        return end;
    }

    private int AddHiddenRule(SyntaxNode node)
    {
        var rule = _builder.AddRule();
        _builder.AddNothing(Add(_builder.Entry(rule), node), _builder.End(rule));
        return rule;
    }
}
