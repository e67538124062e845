namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>A value as Python would hold it. Values of one render belong to one thread; constants of a template are immutable.</summary>
internal abstract class Value
{
    /// <summary>Python's name of the type, as its error messages use it.</summary>
    public abstract string TypeName { get; }

    /// <summary>Python's truth of the value.</summary>
    public virtual bool IsTrue => true;
}

/// <summary>Python's <c>None</c>.</summary>
internal sealed class NoneValue : Value
{
    public static readonly NoneValue Instance = new();

    private NoneValue()
    {
    }

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;
}

/// <summary>A boolean.</summary>
internal sealed class BoolValue : Value
{
    public static readonly BoolValue True = new(true);
    public static readonly BoolValue False = new(false);

    private readonly bool _isTrue;

    private BoolValue(bool isTrue) => _isTrue = isTrue;

    public override string TypeName => "bool";

    public override bool IsTrue => _isTrue;

    public static BoolValue Of(bool value) => value ? True : False;
}

/// <summary>
/// The result of looking up what is not there. It is false, prints as nothing and iterates over nothing; any other use fails
/// with <paramref name="message"/>.
/// </summary>
internal sealed class UndefinedValue(string message) : Value
{
    public override string TypeName => "Undefined";

    public override bool IsTrue => false;

    public TemplateException Failure() => new(message, TemplateErrorKind.Evaluation);
}

/// <summary>What <c>namespace()</c> makes: named values that inner scopes may set.</summary>
internal sealed class NamespaceValue : Value
{
    public Dictionary<string, Value> Attributes { get; } = new(StringComparer.Ordinal);

    public override string TypeName => "Namespace";
}
