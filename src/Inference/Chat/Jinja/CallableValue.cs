namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Something a template can call.</summary>
internal abstract class CallableValue : Value
{
    public abstract Value Call(Arguments arguments, RenderBudget budget);
}

/// <summary>A function or bound method of this program.</summary>
internal sealed class BuiltinValue(string name, Func<Arguments, RenderBudget, Value> function) : CallableValue
{
    public override string TypeName => $"built-in function {name}";

    public override Value Call(Arguments arguments, RenderBudget budget) => function(arguments, budget);
}
