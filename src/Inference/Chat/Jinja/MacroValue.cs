namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>A macro with the scope it was defined in. Calling it gives the text that its body writes.</summary>
internal sealed class MacroValue(MacroStatement macro, Scope definedIn, Interpreter interpreter) : CallableValue
{
    public override string TypeName => "Macro";

    public override Value Call(Arguments arguments, RenderBudget budget)
    {
        budget.Enter();
        var scope = new Scope(definedIn);
        Bind(arguments, scope);
        var output = new TextBuilder(budget);
        interpreter.Run(macro.Body, scope, output);
        budget.Leave();
        return output.ToText();
    }

    private void Bind(Arguments arguments, Scope scope)
    {
        var parameters = macro.Parameters;
        var excess = new DictValue();
        var given = new Dictionary<string, Value>(StringComparer.Ordinal);
        foreach (var (name, value) in arguments.Named)
        {
            if (parameters.Any(parameter => parameter.Name == name))
            {
                given[name] = value;
            }
            else
            {
                excess.Set(name, value);
            }
        }

        for (var i = 0; i < parameters.Count; i++)
        {
            var parameter = parameters[i];
            if (i < arguments.Positional.Count)
            {
                scope.Set(parameter.Name, arguments.Positional[i]);
            }
            else if (given.TryGetValue(parameter.Name, out var value))
            {
                scope.Set(parameter.Name, value);
            }
            else
            {
                // A default may use the parameters before it.
                scope.Set(parameter.Name, parameter.Default is null
                    ? new UndefinedValue($"parameter '{parameter.Name}' was not provided")
                    : interpreter.Evaluate(parameter.Default, scope));
            }
        }

        BindExcess(arguments, excess, scope);
    }

    // Arguments beyond the parameters are the body's to ask for, by jinja2's names.
    private void BindExcess(Arguments arguments, DictValue excess, Scope scope)
    {
        if (excess.Remove(TextValue.OfTemplate("caller"), out var caller))
        {
            scope.Set("caller", caller);
        }

        scope.Set("varargs", ListValue.Tuple([.. arguments.Positional.Skip(macro.Parameters.Count)]));
        scope.Set("kwargs", excess);
    }
}
