namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Makes the exceptions for what Python would refuse, in Python's words where templates' users know them.</summary>
internal static class Failures
{
    public static TemplateException Type(string message) => new(message, TemplateErrorKind.Evaluation);

    /// <summary>An operation between two types that Python does not know; an undefined operand is named instead.</summary>
    public static TemplateException Operands(string symbol, Value left, Value right) => (left, right) switch
    {
        (UndefinedValue undefined, _) => undefined.Failure(),
        (_, UndefinedValue undefined) => undefined.Failure(),
        _ => Type($"unsupported operand type(s) for {symbol}: '{left.TypeName}' and '{right.TypeName}'"),
    };

    public static TemplateException NotIterable(Value value) =>
        value is UndefinedValue undefined ? undefined.Failure() : Type($"'{value.TypeName}' object is not iterable");

    public static UndefinedValue NoAttribute(Value target, string name) =>
        new(target is NoneValue ? $"'None' has no attribute '{name}'" : $"'{target.TypeName} object' has no attribute '{name}'");
}
