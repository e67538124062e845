namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>A parsed statement and the line it starts on. Immutable; shared by all renders of a template.</summary>
internal abstract record Statement(int Line);

/// <summary>Text between tags.</summary>
internal sealed record TextStatement(TextValue Text, int Line) : Statement(Line);

internal sealed record PrintStatement(Expression Value, int Line) : Statement(Line);

internal sealed record IfStatement(IReadOnlyList<(Expression Condition, IReadOnlyList<Statement> Body)> Branches, IReadOnlyList<Statement> Otherwise, int Line)
    : Statement(Line);

/// <param name="Target">What each item is assigned to.</param>
/// <param name="Items">What is iterated over.</param>
/// <param name="Filter">Items for which this is false are left out; null takes all.</param>
/// <param name="Body">Run per item.</param>
/// <param name="Otherwise">Run when there was no item.</param>
/// <param name="IsRecursive">True: the body may call <c>loop(items)</c>.</param>
/// <param name="Line">Where it starts.</param>
internal sealed record ForStatement(
    Target Target,
    Expression Items,
    Expression? Filter,
    IReadOnlyList<Statement> Body,
    IReadOnlyList<Statement> Otherwise,
    bool IsRecursive,
    int Line) : Statement(Line);

internal sealed record SetStatement(Target Target, Expression Value, int Line) : Statement(Line);

/// <summary><c>{% set x %}text{% endset %}</c>, with filters from the inside out.</summary>
internal sealed record SetBlockStatement(Target Target, FilterExpression? Filter, IReadOnlyList<Statement> Body, int Line) : Statement(Line);

/// <summary>A macro, or the body of a call block (named <c>caller</c>).</summary>
internal sealed record MacroStatement(string Name, IReadOnlyList<MacroParameter> Parameters, IReadOnlyList<Statement> Body, int Line) : Statement(Line);

/// <param name="Name">Its name.</param>
/// <param name="Default">Evaluated at the call; null means undefined.</param>
internal sealed record MacroParameter(string Name, Expression? Default);

/// <summary><c>{% call(parameters) macro() %}body{% endcall %}</c>.</summary>
internal sealed record CallBlockStatement(CallExpression Call, MacroStatement Caller, int Line) : Statement(Line);

internal sealed record FilterBlockStatement(FilterExpression Filter, IReadOnlyList<Statement> Body, int Line) : Statement(Line);

/// <summary>A body with names of its own: <c>with</c>, and <c>generation</c>, which has none to begin with.</summary>
internal sealed record ScopeStatement(IReadOnlyList<(Target Target, Expression Value)> Assignments, IReadOnlyList<Statement> Body, int Line)
    : Statement(Line);

/// <summary>An expression evaluated for what it does.</summary>
internal sealed record DoStatement(Expression Value, int Line) : Statement(Line);

internal sealed record BreakStatement(int Line) : Statement(Line);

internal sealed record ContinueStatement(int Line) : Statement(Line);

/// <summary>What can be assigned to.</summary>
internal abstract record Target;

internal sealed record NameTarget(string Name) : Target;

internal sealed record NamespaceTarget(string Name, string Attribute) : Target;

internal sealed record TupleTarget(IReadOnlyList<Target> Items) : Target;
