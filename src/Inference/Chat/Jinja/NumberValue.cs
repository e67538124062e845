using System.Numerics;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>A number, with the author of the digits it prints: false for <paramref name="fromTemplate"/> means the request.</summary>
internal abstract class NumberValue(bool fromTemplate) : Value
{
    public bool FromTemplate { get; } = fromTemplate;

    public abstract double AsDouble { get; }
}

/// <summary>An integer of any size.</summary>
internal sealed class IntegerValue(BigInteger number, bool fromTemplate) : NumberValue(fromTemplate)
{
    public BigInteger Number { get; } = number;

    public override double AsDouble => (double)Number;

    public override string TypeName => "int";

    public override bool IsTrue => !Number.IsZero;
}

/// <summary>A floating-point number.</summary>
/// <param name="number">The number.</param>
/// <param name="fromTemplate">Author of its digits.</param>
/// <param name="literal">The number as the client wrote it, which it then prints as; null for a computed one.</param>
internal sealed class FloatValue(double number, bool fromTemplate, string? literal = null) : NumberValue(fromTemplate)
{
    public double Number { get; } = number;

    public string? Literal { get; } = literal;

    public override double AsDouble => Number;

    public override string TypeName => "float";

    public override bool IsTrue => Number != 0;
}
