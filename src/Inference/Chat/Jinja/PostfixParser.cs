using System.Globalization;
using System.Numerics;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Parses what may follow an operand: attributes, items, slices, calls, filters and tests.</summary>
internal sealed class PostfixParser(TokenReader tokens)
{
    // Members, calls and filters in one chain: each makes the tree one deeper.
    private const int MaxChain = 500;

    public Expression Parse(ExpressionParser expressions, Expression operand, bool withFilters)
    {
        for (var i = 0; i <= MaxChain; i++)
        {
            if (tokens.SkipSymbol("."))
            {
                operand = ParseMember(operand);
            }
            else if (tokens.SkipSymbol("["))
            {
                operand = ParseSubscript(expressions, operand);
            }
            else if (tokens.IsSymbol("("))
            {
                operand = new CallExpression(operand, ParseArguments(expressions));
            }
            else if (withFilters && tokens.SkipSymbol("|"))
            {
                var name = tokens.ExpectName();
                operand = new FilterExpression(operand, name, tokens.IsSymbol("(") ? ParseArguments(expressions) : CallArguments.None);
            }
            else if (withFilters && tokens.SkipName("is"))
            {
                operand = ParseTest(expressions, operand);
            }
            else
            {
                return operand;
            }
        }

        throw tokens.Error("too many operators in one expression");
    }

    public CallArguments ParseArguments(ExpressionParser expressions)
    {
        tokens.ExpectSymbol("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? positionalSplat = null;
        Expression? namedSplat = null;
        for (var first = true; !tokens.SkipSymbol(")"); first = false)
        {
            if (!first)
            {
                tokens.ExpectSymbol(",");
                if (tokens.SkipSymbol(")"))
                {
                    break;
                }
            }

            if (tokens.SkipSymbol("**"))
            {
                namedSplat = expressions.Parse();
            }
            else if (tokens.SkipSymbol("*"))
            {
                positionalSplat = expressions.Parse();
            }
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Following is { Kind: TokenKind.Symbol, Text: "=" })
            {
                var name = tokens.Advance().Text;
                tokens.Advance();
                named.Add((name, expressions.Parse()));
            }
            else if (named.Count > 0 || namedSplat is not null)
            {
                throw tokens.Error("a positional argument cannot follow a named one");
            }
            else
            {
                positional.Add(expressions.Parse());
            }
        }

        return new CallArguments(positional, named, positionalSplat, namedSplat);
    }

    private Expression ParseMember(Expression operand)
    {
        var token = tokens.Advance();
        return token.Kind switch
        {
            TokenKind.Name => new AttributeExpression(operand, token.Text),
            TokenKind.Integer when token.Text.Length < 10 =>
                new ItemExpression(operand, new LiteralExpression(new IntegerValue(BigInteger.Parse(token.Text, CultureInfo.InvariantCulture), fromTemplate: true))),
            _ => throw new TemplateSyntaxException($"expected name or number, got '{token.Text}'", token.Line),
        };
    }

    private Expression ParseSubscript(ExpressionParser expressions, Expression operand)
    {
        var start = AtSliceBorder() ? null : expressions.ParseTuple();
        if (tokens.SkipSymbol("]"))
        {
            return start is null ? throw tokens.Error("expected a subscript") : new ItemExpression(operand, start);
        }

        tokens.ExpectSymbol(":");
        var stop = AtSliceBorder() ? null : expressions.Parse();
        var step = tokens.SkipSymbol(":") && !AtSliceBorder() ? expressions.Parse() : null;
        tokens.ExpectSymbol("]");
        return new SliceExpression(operand, start, stop, step);
    }

    private bool AtSliceBorder() => tokens.IsSymbol(":") || tokens.IsSymbol("]");

    private TestExpression ParseTest(ExpressionParser expressions, Expression operand)
    {
        var isNegated = tokens.SkipName("not");
        var name = tokens.ExpectName();
        var arguments = CallArguments.None;
        if (tokens.IsSymbol("("))
        {
            arguments = ParseArguments(expressions);
        }
        else if (StartsOperand())
        {
            tokens.Enter();
            arguments = new CallArguments([Parse(expressions, expressions.ParsePrimary(), withFilters: false)], [], null, null);
            tokens.Leave();
        }

        return new TestExpression(operand, name, arguments, isNegated);
    }

    // An argument without brackets ("is divisibleby 3"). Words that continue the expression are none.
    private bool StartsOperand() => tokens.Current.Kind switch
    {
        TokenKind.Name => tokens.Current.Text is not ("else" or "or" or "and" or "if" or "is" or "in" or "not" or "recursive"),
        TokenKind.Text or TokenKind.Integer or TokenKind.Float => true,
        _ => tokens.IsSymbol("[") || tokens.IsSymbol("{"),
    };
}
