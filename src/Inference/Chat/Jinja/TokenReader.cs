using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>The parsers' place in a template's tokens, and their guard against nesting too deep.</summary>
internal sealed class TokenReader(ImmutableArray<Token> tokens)
{
    // Levels of brackets, unary operators and blocks within each other; the deepest real template has about 20.
    private const int MaxDepth = 200;

    private int _index;
    private int _depth;

    public Token Current => tokens[_index];

    public Token Following => tokens[Math.Min(_index + 1, tokens.Length - 1)];

    public Token Advance()
    {
        var token = tokens[_index];
        _index = Math.Min(_index + 1, tokens.Length - 1);
        return token;
    }

    public bool IsSymbol(string symbol) => Current.Kind == TokenKind.Symbol && Current.Text == symbol;

    public bool IsName(string name) => Current.Kind == TokenKind.Name && Current.Text == name;

    public bool SkipSymbol(string symbol) => IsSymbol(symbol) && Skip();

    public bool SkipName(string name) => IsName(name) && Skip();

    public void ExpectSymbol(string symbol)
    {
        if (!SkipSymbol(symbol))
        {
            throw Unexpected($"'{symbol}'");
        }
    }

    public void ExpectName(string name)
    {
        if (!SkipName(name))
        {
            throw Unexpected($"'{name}'");
        }
    }

    public string ExpectName() => Expect(TokenKind.Name, "a name").Text;

    public Token Expect(TokenKind kind, string description) => Current.Kind == kind ? Advance() : throw Unexpected(description);

    public void Enter()
    {
        if (++_depth > MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error("the template nests too deeply");
        }
    }

    public void Leave() => _depth--;

    public TemplateSyntaxException Unexpected(string expected) => Error($"expected {expected}, got '{Current.Text}'");

    public TemplateSyntaxException Error(string message) => new(message, Current.Line);

    private bool Skip()
    {
        Advance();
        return true;
    }
}
