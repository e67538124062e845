namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Parses expressions with jinja2's precedence, which differs from Python's: <c>~</c> binds tighter than <c>+</c>, filters tighter than all.</summary>
internal sealed class ExpressionParser(TokenReader tokens)
{
    // Operators in one chain: each makes the tree one deeper.
    private const int MaxChain = 500;

    private static readonly Dictionary<string, CompareOperator> Comparisons = new(StringComparer.Ordinal)
    {
        ["=="] = CompareOperator.Equal,
        ["!="] = CompareOperator.NotEqual,
        ["<"] = CompareOperator.Less,
        ["<="] = CompareOperator.LessOrEqual,
        [">"] = CompareOperator.Greater,
        [">="] = CompareOperator.GreaterOrEqual,
    };

    private readonly PrimaryParser _primary = new(tokens);
    private readonly PostfixParser _postfix = new(tokens);

    public Expression Parse(bool allowConditional = true)
    {
        tokens.Enter();
        var expression = allowConditional ? ParseConditional() : ParseOr();
        tokens.Leave();
        return expression;
    }

    /// <summary>An expression, or several with commas between them, which make a tuple.</summary>
    public Expression ParseTuple(bool allowConditional = true)
    {
        var first = Parse(allowConditional);
        if (!tokens.IsSymbol(","))
        {
            return first;
        }

        var items = new List<Expression> { first };
        while (tokens.SkipSymbol(","))
        {
            if (tokens.Current.Kind is TokenKind.PrintEnd or TokenKind.BlockEnd || tokens.IsSymbol(")") || tokens.IsName("recursive"))
            {
                break;
            }

            items.Add(Parse(allowConditional));
        }

        return new SequenceExpression(items, SequenceKind.Tuple);
    }

    /// <summary>Filters without a target: <c>name(arguments) | name ...</c>.</summary>
    public FilterExpression ParseFilterChain()
    {
        FilterExpression? chain = null;
        do
        {
            var name = tokens.ExpectName();
            chain = new FilterExpression(chain, name, tokens.IsSymbol("(") ? _postfix.ParseArguments(this) : CallArguments.None);
        }
        while (tokens.SkipSymbol("|"));

        return chain;
    }

    private Expression ParseConditional()
    {
        var expression = ParseOr();
        for (var i = 0; tokens.SkipName("if"); i++)
        {
            GuardChain(i);
            var condition = ParseOr();
            expression = new ConditionalExpression(condition, expression, tokens.SkipName("else") ? Parse() : null);
        }

        return expression;
    }

    private Expression ParseOr()
    {
        var left = ParseAnd();
        for (var i = 0; tokens.SkipName("or"); i++)
        {
            GuardChain(i);
            left = new LogicExpression(IsOr: true, left, ParseAnd());
        }

        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        for (var i = 0; tokens.SkipName("and"); i++)
        {
            GuardChain(i);
            left = new LogicExpression(IsOr: false, left, ParseNot());
        }

        return left;
    }

    private Expression ParseNot()
    {
        if (!tokens.SkipName("not"))
        {
            return ParseCompare();
        }

        tokens.Enter();
        var operand = ParseNot();
        tokens.Leave();
        return new NotExpression(operand);
    }

    private Expression ParseCompare()
    {
        var first = ParseSum();
        List<Comparison>? rest = null;
        while (NextComparison() is { } comparison)
        {
            (rest ??= []).Add(new Comparison(comparison, ParseSum()));
        }

        return rest is null ? first : new CompareExpression(first, rest);
    }

    private CompareOperator? NextComparison()
    {
        if (tokens.Current.Kind == TokenKind.Symbol && Comparisons.TryGetValue(tokens.Current.Text, out var comparison))
        {
            tokens.Advance();
            return comparison;
        }

        if (tokens.SkipName("in"))
        {
            return CompareOperator.In;
        }

        if (tokens.IsName("not") && tokens.Following is { Kind: TokenKind.Name, Text: "in" })
        {
            tokens.Advance();
            tokens.Advance();
            return CompareOperator.NotIn;
        }

        return null;
    }

    private Expression ParseSum()
    {
        var left = ParseConcat();
        for (var i = 0; NextOperator(("+", BinaryOperator.Add), ("-", BinaryOperator.Subtract)) is { } operation; i++)
        {
            GuardChain(i);
            left = new BinaryExpression(operation, left, ParseConcat());
        }

        return left;
    }

    private Expression ParseConcat()
    {
        var first = ParseProduct();
        List<Expression>? parts = null;
        while (tokens.SkipSymbol("~"))
        {
            (parts ??= [first]).Add(ParseProduct());
        }

        return parts is null ? first : new ConcatExpression(parts);
    }

    private Expression ParseProduct()
    {
        var left = ParsePower();
        for (var i = 0;
            NextOperator(("*", BinaryOperator.Multiply), ("/", BinaryOperator.Divide), ("//", BinaryOperator.FloorDivide), ("%", BinaryOperator.Modulo)) is { } operation;
            i++)
        {
            GuardChain(i);
            left = new BinaryExpression(operation, left, ParsePower());
        }

        return left;
    }

    private Expression ParsePower()
    {
        var left = ParseUnary(withFilters: true);
        for (var i = 0; tokens.SkipSymbol("**"); i++)
        {
            GuardChain(i);
            left = new BinaryExpression(BinaryOperator.Power, left, ParseUnary(withFilters: true));
        }

        return left;
    }

    private BinaryOperator? NextOperator(params ReadOnlySpan<(string Symbol, BinaryOperator Operator)> operators)
    {
        if (tokens.Current.Kind == TokenKind.Symbol)
        {
            foreach (var (symbol, operation) in operators)
            {
                if (tokens.SkipSymbol(symbol))
                {
                    return operation;
                }
            }
        }

        return null;
    }

    private Expression ParseUnary(bool withFilters)
    {
        Expression expression;
        if (tokens.IsSymbol("-") || tokens.IsSymbol("+"))
        {
            var isNegative = tokens.Advance().Text == "-";
            tokens.Enter();
            expression = new SignExpression(ParseUnary(withFilters: false), isNegative);
            tokens.Leave();
        }
        else
        {
            expression = ParsePrimary();
        }

        return _postfix.Parse(this, expression, withFilters);
    }

    /// <summary>A literal, a name or something in brackets.</summary>
    public Expression ParsePrimary() => _primary.Parse(this);

    private void GuardChain(int length)
    {
        if (length > MaxChain)
        {
            throw tokens.Error("too many operators in one expression");
        }
    }
}
