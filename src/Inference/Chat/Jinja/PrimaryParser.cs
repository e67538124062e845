using System.Globalization;
using System.Numerics;
using System.Text;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Parses literals, names and what stands in brackets.</summary>
internal sealed class PrimaryParser(TokenReader tokens)
{
    // Digits of an integer literal: reading one takes the square of its length.
    private const int MaxDigits = 1000;

    public Expression Parse(ExpressionParser expressions)
    {
        var token = tokens.Advance();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return Constant(token.Text) is { } constant ? new LiteralExpression(constant) : new NameExpression(token.Text);
            case TokenKind.Text:
                var text = new StringBuilder(token.Text);
                while (tokens.Current.Kind == TokenKind.Text)
                {
                    text.Append(tokens.Advance().Text);
                }

                return new LiteralExpression(TextValue.OfTemplate(text.ToString()));
            case TokenKind.Integer when token.Text.Length <= MaxDigits:
                return new LiteralExpression(new IntegerValue(BigInteger.Parse(token.Text, CultureInfo.InvariantCulture), fromTemplate: true));
            case TokenKind.Float:
                return new LiteralExpression(new FloatValue(double.Parse(token.Text, CultureInfo.InvariantCulture), fromTemplate: true));
            case TokenKind.Symbol when token.Text == "(":
                return ParseParentheses(expressions);
            case TokenKind.Symbol when token.Text == "[":
                return new SequenceExpression(ParseItems(expressions), SequenceKind.List);
            case TokenKind.Symbol when token.Text == "{":
                return ParseDict(expressions);
            default:
                throw new TemplateSyntaxException($"unexpected '{token.Text}'", token.Line);
        }
    }

    private static Value? Constant(string name) => name switch
    {
        "true" or "True" => BoolValue.True,
        "false" or "False" => BoolValue.False,
        "none" or "None" => NoneValue.Instance,
        _ => null,
    };

    private Expression ParseParentheses(ExpressionParser expressions)
    {
        if (tokens.SkipSymbol(")"))
        {
            return new SequenceExpression([], SequenceKind.Tuple);
        }

        var inner = expressions.ParseTuple();
        tokens.ExpectSymbol(")");
        return inner;
    }

    private List<Expression> ParseItems(ExpressionParser expressions)
    {
        var items = new List<Expression>();
        while (!tokens.SkipSymbol("]"))
        {
            if (items.Count > 0)
            {
                tokens.ExpectSymbol(",");
                if (tokens.SkipSymbol("]"))
                {
                    break;
                }
            }

            items.Add(expressions.Parse());
        }

        return items;
    }

    private DictExpression ParseDict(ExpressionParser expressions)
    {
        var entries = new List<(Expression, Expression)>();
        while (!tokens.SkipSymbol("}"))
        {
            if (entries.Count > 0)
            {
                tokens.ExpectSymbol(",");
                if (tokens.SkipSymbol("}"))
                {
                    break;
                }
            }

            var key = expressions.Parse();
            tokens.ExpectSymbol(":");
            entries.Add((key, expressions.Parse()));
        }

        return new DictExpression(entries);
    }
}
