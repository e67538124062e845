namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Runs the statements of a template once. Used by one thread and thrown away.</summary>
internal sealed class Interpreter
{
    private readonly RenderBudget _budget;
    private readonly Evaluator _evaluator;
    private int _line;

    public Interpreter(RenderBudget budget)
    {
        _budget = budget;
        _evaluator = new Evaluator(budget);
    }

    /// <summary>How a body of statements ended.</summary>
    private enum Flow
    {
        /// <summary>At its end.</summary>
        Next,

        /// <summary>At a <c>break</c>.</summary>
        Break,

        /// <summary>At a <c>continue</c>.</summary>
        Continue,
    }

    /// <summary>Line of the statement that ran last.</summary>
    public int Line => _line;

    public void Run(IReadOnlyList<Statement> body, Scope scope, TextBuilder output) => RunBody(body, scope, output);

    public Value Evaluate(Expression expression, Scope scope) => _evaluator.Evaluate(expression, scope);

    private Flow RunBody(IReadOnlyList<Statement> body, Scope scope, TextBuilder output)
    {
        RenderBudget.EnsureStack();
        foreach (var statement in body)
        {
            var flow = RunStatement(statement, scope, output);
            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    private Flow RunStatement(Statement statement, Scope scope, TextBuilder output)
    {
        _budget.Spend();
        _line = statement.Line;
        switch (statement)
        {
            case TextStatement text:
                output.Append(text.Text);
                break;
            case PrintStatement print:
                output.Append(PythonText.Str(Evaluate(print.Value, scope), _budget));
                break;
            case IfStatement branches:
                return RunIf(branches, scope, output);
            case ForStatement loop:
                RunFor(loop, Evaluate(loop.Items, scope), scope, output, depth: 1);
                break;
            case SetStatement set:
                Assign(set.Target, Evaluate(set.Value, scope), scope);
                break;
            case SetBlockStatement set:
                Assign(set.Target, Capture(set.Body, set.Filter, scope), scope);
                break;
            case MacroStatement macro:
                scope.Set(macro.Name, new MacroValue(macro, scope, this));
                break;
            case CallBlockStatement call:
                RunCall(call, scope, output);
                break;
            case FilterBlockStatement filter:
                output.Append(PythonText.Str(Capture(filter.Body, filter.Filter, scope), _budget));
                break;
            case ScopeStatement inner:
                return RunScope(inner, scope, output);
            case DoStatement @do:
                Evaluate(@do.Value, scope);
                break;
            case BreakStatement:
                return Flow.Break;
            case ContinueStatement:
                return Flow.Continue;
        }

        return Flow.Next;
    }

    private Flow RunIf(IfStatement statement, Scope scope, TextBuilder output)
    {
        foreach (var (condition, body) in statement.Branches)
        {
            if (Evaluate(condition, scope).IsTrue)
            {
                return RunBody(body, scope, output);
            }
        }

        return RunBody(statement.Otherwise, scope, output);
    }

    private void RunFor(ForStatement statement, Value iterable, Scope scope, TextBuilder output, int depth)
    {
        var items = Sequences.Items(iterable, _budget);
        if (statement.Filter is { } filter)
        {
            items = items.FindAll(item =>
            {
                var turn = new Scope(scope);
                Assign(statement.Target, item, turn);
                return Evaluate(filter, turn).IsTrue;
            });
        }

        if (items.Count == 0)
        {
            RunBody(statement.Otherwise, new Scope(scope), output);
            return;
        }

        var loop = new LoopValue(items, depth, statement.IsRecursive ? inner => Recurse(statement, inner, scope, depth + 1) : null);
        for (var i = 0; i < items.Count; i++)
        {
            _budget.Spend();
            loop.Index = i;
            var turn = new Scope(scope);
            turn.Set("loop", loop);
            Assign(statement.Target, items[i], turn);
            if (RunBody(statement.Body, turn, output) == Flow.Break)
            {
                break;
            }
        }
    }

    private TextValue Recurse(ForStatement statement, Value iterable, Scope scope, int depth)
    {
        _budget.Enter();
        var output = new TextBuilder(_budget);
        RunFor(statement, iterable, scope, output, depth);
        _budget.Leave();
        return output.ToText();
    }

    private void RunCall(CallBlockStatement statement, Scope scope, TextBuilder output)
    {
        var arguments = _evaluator.EvaluateArguments(statement.Call.Arguments, scope);
        var caller = new MacroValue(statement.Caller, scope, this);
        var result = _evaluator.Call(
            Evaluate(statement.Call.Target, scope),
            arguments with { Named = [.. arguments.Named, new KeyValuePair<string, Value>("caller", caller)] });
        output.Append(PythonText.Str(result, _budget));
    }

    private Flow RunScope(ScopeStatement statement, Scope scope, TextBuilder output)
    {
        var inner = new Scope(scope);
        foreach (var (target, value) in statement.Assignments)
        {
            Assign(target, Evaluate(value, scope), inner);
        }

        return RunBody(statement.Body, inner, output);
    }

    private Value Capture(IReadOnlyList<Statement> body, FilterExpression? filter, Scope scope)
    {
        var inner = new TextBuilder(_budget);
        RunBody(body, new Scope(scope), inner);
        return filter is null ? inner.ToText() : _evaluator.ApplyFilters(filter, inner.ToText(), scope);
    }

    private void Assign(Target target, Value value, Scope scope)
    {
        switch (target)
        {
            case NameTarget name:
                scope.Set(name.Name, value);
                break;
            case NamespaceTarget member when scope.Find(member.Name) is NamespaceValue space:
                space.Attributes[member.Attribute] = value;
                break;
            case NamespaceTarget:
                throw Failures.Type("cannot assign attribute on non-namespace object");
            case TupleTarget tuple:
                var items = Sequences.Items(value, _budget);
                if (items.Count != tuple.Items.Count)
                {
                    throw Failures.Type(items.Count < tuple.Items.Count
                        ? $"not enough values to unpack (expected {tuple.Items.Count}, got {items.Count})"
                        : $"too many values to unpack (expected {tuple.Items.Count})");
                }

                for (var i = 0; i < items.Count; i++)
                {
                    Assign(tuple.Items[i], items[i], scope);
                }

                break;
        }
    }
}
