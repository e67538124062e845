namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Evaluates expressions for one render.</summary>
internal sealed class Evaluator(RenderBudget budget)
{
    public Value Evaluate(Expression expression, Scope scope)
    {
        budget.Spend();
        RenderBudget.EnsureStack();
        switch (expression)
        {
            case LiteralExpression literal:
                return literal.Value;
            case NameExpression name:
                return scope.Find(name.Name) ?? new UndefinedValue($"'{name.Name}' is undefined");
            case AttributeExpression member:
                return Members.Attribute(Evaluate(member.Target, scope), member.Name);
            case ItemExpression item:
                return Members.Item(Evaluate(item.Target, scope), Evaluate(item.Index, scope), budget);
            case SliceExpression slice:
                return EvaluateSlice(slice, scope);
            case CallExpression call:
                var callee = Evaluate(call.Target, scope);
                return Call(callee, EvaluateArguments(call.Arguments, scope));
            case FilterExpression { Target: { } target } filter:
                return Filters.Apply(filter.Name, Evaluate(target, scope), EvaluateArguments(filter.Arguments, scope), budget);
            case TestExpression test:
                return BoolValue.Of(Tests.Holds(test.Name, Evaluate(test.Target, scope), EvaluateArguments(test.Arguments, scope), budget) != test.IsNegated);
            case NotExpression not:
                return BoolValue.Of(!Evaluate(not.Operand, scope).IsTrue);
            case SignExpression sign:
                return EvaluateSign(sign, scope);
            case BinaryExpression binary:
                var left = Evaluate(binary.Left, scope);
                return Operators.Apply(binary.Operator, left, Evaluate(binary.Right, scope), budget);
            case LogicExpression logic:
                var first = Evaluate(logic.Left, scope);
                return first.IsTrue == logic.IsOr ? first : Evaluate(logic.Right, scope);
            case CompareExpression compare:
                return BoolValue.Of(EvaluateComparison(compare, scope));
            case ConcatExpression concat:
                return EvaluateConcat(concat, scope);
            case ConditionalExpression conditional:
                return Evaluate(conditional.Condition, scope).IsTrue
                    ? Evaluate(conditional.Then, scope)
                    : conditional.Otherwise is { } otherwise
                        ? Evaluate(otherwise, scope)
                        : new UndefinedValue("the inline if-expression evaluated to false and no else section was defined.");
            case SequenceExpression sequence:
                return new ListValue(EvaluateAll(sequence.Items, scope), sequence.Kind);
            case DictExpression dict:
                return EvaluateDict(dict, scope);
            default:
                throw new InvalidOperationException($"No evaluation for {expression.GetType().Name}.");
        }
    }

    public Arguments EvaluateArguments(CallArguments arguments, Scope scope)
    {
        if (ReferenceEquals(arguments, CallArguments.None))
        {
            return Arguments.None;
        }

        var positional = EvaluateAll(arguments.Positional, scope);
        if (arguments.PositionalSplat is { } splat)
        {
            positional.AddRange(Sequences.Items(Evaluate(splat, scope), budget));
        }

        var named = new List<KeyValuePair<string, Value>>(arguments.Named.Count);
        foreach (var (name, value) in arguments.Named)
        {
            named.Add(new(name, Evaluate(value, scope)));
        }

        if (arguments.NamedSplat is { } namedSplat)
        {
            if (Evaluate(namedSplat, scope) is not DictValue dict)
            {
                throw Failures.Type("argument after ** must be a mapping");
            }

            foreach (var (key, value) in dict.Entries)
            {
                named.Add(new(PythonText.Str(key, budget).Text, value));
            }
        }

        return new Arguments(positional, named);
    }

    public Value Call(Value callee, Arguments arguments) => callee switch
    {
        CallableValue callable => callable.Call(arguments, budget),
        UndefinedValue undefined => throw undefined.Failure(),
        _ => throw Failures.Type($"'{callee.TypeName}' object is not callable"),
    };

    /// <summary>Applies a chain of filters that has no target to a block's text.</summary>
    public Value ApplyFilters(FilterExpression chain, Value input, Scope scope)
    {
        RenderBudget.EnsureStack();
        var target = chain.Target is FilterExpression inner ? ApplyFilters(inner, input, scope) : input;
        return Filters.Apply(chain.Name, target, EvaluateArguments(chain.Arguments, scope), budget);
    }

    private List<Value> EvaluateAll(IReadOnlyList<Expression> expressions, Scope scope)
    {
        var values = new List<Value>(expressions.Count);
        foreach (var expression in expressions)
        {
            values.Add(Evaluate(expression, scope));
        }

        return values;
    }

    private Value EvaluateSlice(SliceExpression slice, Scope scope)
    {
        var target = Evaluate(slice.Target, scope);
        return Sequences.Slice(target, Index(slice.Start, scope), Index(slice.Stop, scope), Index(slice.Step, scope), budget);
    }

    private int? Index(Expression? expression, Scope scope) => expression is null ? null : Evaluate(expression, scope) switch
    {
        NoneValue => null,
        UndefinedValue undefined => throw undefined.Failure(),
        var value when Numbers.Of(value) is IntegerValue integer => Numbers.Clamp(integer.Number),
        _ => throw Failures.Type("slice indices must be integers or None or have an __index__ method"),
    };

    private Value EvaluateSign(SignExpression sign, Scope scope)
    {
        var operand = Evaluate(sign.Operand, scope);
        var number = Numbers.Of(operand) ?? throw (operand is UndefinedValue undefined
            ? undefined.Failure()
            : Failures.Type($"bad operand type for unary {(sign.IsNegative ? '-' : '+')}: '{operand.TypeName}'"));
        return sign.IsNegative ? Numbers.Negate(number) : number;
    }

    private bool EvaluateComparison(CompareExpression compare, Scope scope)
    {
        var left = Evaluate(compare.First, scope);
        foreach (var (comparison, operand) in compare.Rest)
        {
            var right = Evaluate(operand, scope);
            if (!Compare(comparison, left, right))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private bool Compare(CompareOperator comparison, Value left, Value right) => comparison switch
    {
        CompareOperator.Equal => Operators.AreEqual(left, right, budget),
        CompareOperator.NotEqual => !Operators.AreEqual(left, right, budget),
        CompareOperator.Less => Operators.Compare(left, right, "<", budget) < 0,
        CompareOperator.LessOrEqual => Operators.Compare(left, right, "<=", budget) <= 0,
        CompareOperator.Greater => Operators.Compare(left, right, ">", budget) == 1,
        CompareOperator.GreaterOrEqual => Operators.Compare(left, right, ">=", budget) is 0 or 1,
        CompareOperator.In => Operators.Contains(right, left, budget),
        _ => !Operators.Contains(right, left, budget),
    };

    private TextValue EvaluateConcat(ConcatExpression concat, Scope scope)
    {
        var result = new TextBuilder(budget);
        foreach (var part in concat.Parts)
        {
            result.Append(PythonText.Str(Evaluate(part, scope), budget));
        }

        return result.ToText();
    }

    private DictValue EvaluateDict(DictExpression expression, Scope scope)
    {
        var dict = new DictValue();
        foreach (var (key, value) in expression.Entries)
        {
            var evaluated = Evaluate(key, scope);
            budget.SpendValue(evaluated);
            dict.Set(evaluated, Evaluate(value, scope));
        }

        return dict;
    }
}
