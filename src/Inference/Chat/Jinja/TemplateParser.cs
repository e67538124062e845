namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Parses a whole template into statements.</summary>
internal sealed class TemplateParser
{
    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private int _loops;

    private TemplateParser(TokenReader tokens)
    {
        _tokens = tokens;
        _expressions = new ExpressionParser(tokens);
    }

    /// <exception cref="TemplateSyntaxException">The template is not one.</exception>
    public static IReadOnlyList<Statement> Parse(string source) =>
        new TemplateParser(new TokenReader(Lexer.Tokenize(source))).ParseBody();

    // Statements up to a block tag with one of the given names, which is left at its name; to the end of the template if none is given.
    private List<Statement> ParseBody(params ReadOnlySpan<string> ends)
    {
        _tokens.Enter();
        var body = new List<Statement>();
        while (true)
        {
            var token = _tokens.Advance();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    body.Add(new TextStatement(TextValue.OfTemplate(token.Text), token.Line));
                    break;
                case TokenKind.PrintBegin:
                    body.Add(new PrintStatement(_expressions.ParseTuple(), token.Line));
                    _tokens.Expect(TokenKind.PrintEnd, "'}}'");
                    break;
                case TokenKind.BlockBegin when _tokens.Current.Kind == TokenKind.Name && ends.Contains(_tokens.Current.Text):
                    _tokens.Leave();
                    return body;
                case TokenKind.BlockBegin:
                    body.Add(ParseStatement());
                    EndTag();
                    break;
                default:
                    if (ends.IsEmpty && token.Kind == TokenKind.End)
                    {
                        return body;
                    }

                    throw new TemplateSyntaxException($"unexpected {token.Text}, expected {string.Join(" or ", ends.ToArray())}", token.Line);
            }
        }
    }

    private Statement ParseStatement()
    {
        var tag = _tokens.Expect(TokenKind.Name, "a tag's name");
        switch (tag.Text)
        {
            case "if":
                return ParseIf(tag.Line);
            case "for":
                return ParseFor(tag.Line);
            case "set":
                return ParseSet(tag.Line);
            case "macro":
                return ParseMacro(_tokens.ExpectName(), tag.Line);
            case "call":
                return ParseCall(tag.Line);
            case "filter":
                var filter = _expressions.ParseFilterChain();
                return new FilterBlockStatement(filter, ParseBlock("endfilter"), tag.Line);
            case "with":
                return ParseWith(tag.Line);
            case "generation":
                return new ScopeStatement([], ParseBlock("endgeneration"), tag.Line);
            case "do":
                return new DoStatement(_expressions.ParseTuple(), tag.Line);
            case "break":
                return _loops > 0 ? new BreakStatement(tag.Line) : throw new TemplateSyntaxException("'break' outside loop", tag.Line);
            case "continue":
                return _loops > 0 ? new ContinueStatement(tag.Line) : throw new TemplateSyntaxException("'continue' outside loop", tag.Line);
            default:
                throw new TemplateSyntaxException($"Encountered unknown tag '{tag.Text}'.", tag.Line);
        }
    }

    // The rest of a tag, a body, and the name of the tag that ends it.
    private List<Statement> ParseBlock(string end)
    {
        EndTag();
        var body = ParseBody(end);
        _tokens.ExpectName(end);
        return body;
    }

    private void EndTag() => _tokens.Expect(TokenKind.BlockEnd, "'%}'");

    private IfStatement ParseIf(int line)
    {
        var branches = new List<(Expression, IReadOnlyList<Statement>)>();
        do
        {
            var condition = _expressions.ParseTuple();
            EndTag();
            branches.Add((condition, ParseBody("elif", "else", "endif")));
        }
        while (_tokens.SkipName("elif"));

        IReadOnlyList<Statement> otherwise = _tokens.SkipName("else") ? ParseElse("endif") : [];
        _tokens.ExpectName("endif");
        return new IfStatement(branches, otherwise, line);
    }

    private List<Statement> ParseElse(string end)
    {
        EndTag();
        return ParseBody(end);
    }

    private ForStatement ParseFor(int line)
    {
        var target = ParseTarget(allowNamespace: false);
        _tokens.ExpectName("in");
        var items = _expressions.ParseTuple(allowConditional: false);
        var filter = _tokens.SkipName("if") ? _expressions.Parse() : null;
        var isRecursive = _tokens.SkipName("recursive");
        EndTag();
        _loops++;
        var body = ParseBody("else", "endfor");
        _loops--;
        IReadOnlyList<Statement> otherwise = _tokens.SkipName("else") ? ParseElse("endfor") : [];
        _tokens.ExpectName("endfor");
        return new ForStatement(target, items, filter, body, otherwise, isRecursive, line);
    }

    private Statement ParseSet(int line)
    {
        var target = ParseTarget(allowNamespace: true);
        if (_tokens.SkipSymbol("="))
        {
            return new SetStatement(target, _expressions.ParseTuple(), line);
        }

        var filter = _tokens.SkipSymbol("|") ? _expressions.ParseFilterChain() : null;
        return new SetBlockStatement(target, filter, ParseBlock("endset"), line);
    }

    private MacroStatement ParseMacro(string name, int line)
    {
        var parameters = ParseParameters();
        return new MacroStatement(name, parameters, ParseBlock("endmacro"), line);
    }

    private CallBlockStatement ParseCall(int line)
    {
        IReadOnlyList<MacroParameter> parameters = _tokens.IsSymbol("(") ? ParseParameters() : [];
        if (_expressions.Parse() is not CallExpression call)
        {
            throw new TemplateSyntaxException("expected call", line);
        }

        return new CallBlockStatement(call, new MacroStatement("caller", parameters, ParseBlock("endcall"), line), line);
    }

    private List<MacroParameter> ParseParameters()
    {
        _tokens.ExpectSymbol("(");
        var parameters = new List<MacroParameter>();
        while (!_tokens.SkipSymbol(")"))
        {
            if (parameters.Count > 0)
            {
                _tokens.ExpectSymbol(",");
            }

            var name = _tokens.ExpectName();
            var fallback = _tokens.SkipSymbol("=") ? _expressions.Parse() : null;
            if (fallback is null && parameters.Count > 0 && parameters[^1].Default is not null)
            {
                throw _tokens.Error("non-default argument follows default argument");
            }

            parameters.Add(new MacroParameter(name, fallback));
        }

        return parameters;
    }

    private ScopeStatement ParseWith(int line)
    {
        var assignments = new List<(Target, Expression)>();
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (assignments.Count > 0)
            {
                _tokens.ExpectSymbol(",");
            }

            var target = ParseTarget(allowNamespace: false, allowTuple: false);
            _tokens.ExpectSymbol("=");
            assignments.Add((target, _expressions.Parse()));
        }

        return new ScopeStatement(assignments, ParseBlock("endwith"), line);
    }

    private Target ParseTarget(bool allowNamespace, bool allowTuple = true)
    {
        var first = ParseSingleTarget(allowNamespace);
        if (!allowTuple || !_tokens.IsSymbol(","))
        {
            return first;
        }

        var items = new List<Target> { first };
        while (_tokens.SkipSymbol(",") && (_tokens.Current.Kind == TokenKind.Name || _tokens.IsSymbol("(")) && !_tokens.IsName("in"))
        {
            items.Add(ParseSingleTarget(allowNamespace));
        }

        return new TupleTarget(items);
    }

    private Target ParseSingleTarget(bool allowNamespace)
    {
        if (_tokens.SkipSymbol("("))
        {
            _tokens.Enter();
            var inner = ParseTarget(allowNamespace);
            _tokens.Leave();
            _tokens.ExpectSymbol(")");
            return inner;
        }

        var line = _tokens.Current.Line;
        var name = _tokens.ExpectName();
        if (name is "true" or "True" or "false" or "False" or "none" or "None")
        {
            throw new TemplateSyntaxException($"can't assign to '{name}'", line);
        }

        return allowNamespace && _tokens.SkipSymbol(".") ? new NamespaceTarget(name, _tokens.ExpectName()) : new NameTarget(name);
    }
}
