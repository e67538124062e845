namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>A parsed template. Immutable; any number of threads may render it at once.</summary>
internal sealed class JinjaTemplate
{
    private readonly IReadOnlyList<Statement> _body;
    private readonly RenderLimits _limits;

    private JinjaTemplate(IReadOnlyList<Statement> body, RenderLimits limits)
    {
        _body = body;
        _limits = limits;
    }

    /// <exception cref="TemplateSyntaxException">The source is no template.</exception>
    public static JinjaTemplate Parse(string source, RenderLimits? limits = null) => new(TemplateParser.Parse(source), limits ?? RenderLimits.Default);

    /// <summary>The same template under other limits.</summary>
    public JinjaTemplate WithLimits(RenderLimits limits) => new(_body, limits);

    /// <summary>Renders with the given variables, which belong to this render alone: a template may change lists in them.</summary>
    /// <exception cref="TemplateException">The template raised, failed or reached a limit.</exception>
    public TextValue Render(IReadOnlyDictionary<string, Value> variables, TimeProvider clock)
    {
        var scope = new Scope(outer: null);
        Globals.AddTo(scope, clock);
        foreach (var (name, value) in variables)
        {
            scope.Set(name, value);
        }

        var budget = new RenderBudget(_limits);
        var output = new TextBuilder(budget);
        var interpreter = new Interpreter(budget);
        try
        {
            interpreter.Run(_body, scope, output);
            return output.ToText();
        }
        catch (TemplateException failure)
        {
            failure.Line = interpreter.Line;
            throw;
        }
    }
}
