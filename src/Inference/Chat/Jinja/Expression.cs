namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>A parsed expression. Immutable; shared by all renders of a template.</summary>
internal abstract record Expression;

internal sealed record LiteralExpression(Value Value) : Expression;

internal sealed record NameExpression(string Name) : Expression;

/// <summary><c>target.name</c>: a method first, then a key.</summary>
internal sealed record AttributeExpression(Expression Target, string Name) : Expression;

/// <summary><c>target[index]</c>: a key first, then a method.</summary>
internal sealed record ItemExpression(Expression Target, Expression Index) : Expression;

/// <summary><c>target[start:stop:step]</c>; null where nothing was written.</summary>
internal sealed record SliceExpression(Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression;

internal sealed record CallExpression(Expression Target, CallArguments Arguments) : Expression;

/// <summary><c>target | name(arguments)</c>; the target is null in filter blocks, where the block's text takes its place.</summary>
internal sealed record FilterExpression(Expression? Target, string Name, CallArguments Arguments) : Expression;

/// <summary><c>target is name(arguments)</c>.</summary>
internal sealed record TestExpression(Expression Target, string Name, CallArguments Arguments, bool IsNegated) : Expression;

internal sealed record NotExpression(Expression Operand) : Expression;

/// <summary>Unary plus or minus.</summary>
internal sealed record SignExpression(Expression Operand, bool IsNegative) : Expression;

internal sealed record BinaryExpression(BinaryOperator Operator, Expression Left, Expression Right) : Expression;

/// <summary><c>and</c>, or <c>or</c> when <paramref name="IsOr"/>; the value is the operand that decided.</summary>
internal sealed record LogicExpression(bool IsOr, Expression Left, Expression Right) : Expression;

/// <summary>A chain like <c>a &lt; b &lt; c</c>.</summary>
internal sealed record CompareExpression(Expression First, IReadOnlyList<Comparison> Rest) : Expression;

internal sealed record Comparison(CompareOperator Operator, Expression Operand);

/// <summary><c>a ~ b ~ c</c>: operands as text, joined.</summary>
internal sealed record ConcatExpression(IReadOnlyList<Expression> Parts) : Expression;

/// <summary><c>then if condition else otherwise</c>; without <c>else</c> the value is undefined.</summary>
internal sealed record ConditionalExpression(Expression Condition, Expression Then, Expression? Otherwise) : Expression;

/// <summary>A list literal, or a tuple.</summary>
internal sealed record SequenceExpression(IReadOnlyList<Expression> Items, SequenceKind Kind) : Expression;

internal sealed record DictExpression(IReadOnlyList<(Expression Key, Expression Value)> Entries) : Expression;

/// <summary>Arguments as written: positional, named, <c>*splat</c> and <c>**splat</c>.</summary>
internal sealed record CallArguments(
    IReadOnlyList<Expression> Positional,
    IReadOnlyList<(string Name, Expression Value)> Named,
    Expression? PositionalSplat,
    Expression? NamedSplat)
{
    public static readonly CallArguments None = new([], [], null, null);
}

internal enum BinaryOperator
{
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
}

internal enum CompareOperator
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}
