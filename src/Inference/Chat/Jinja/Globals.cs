namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Functions that every template may call.</summary>
internal static class Globals
{
    // As the sandbox of Python's jinja2.
    private const int MaxRange = 100_000;

    /// <param name="scope">Gets the functions.</param>
    /// <param name="clock">Gives the local time for <c>strftime_now</c>.</param>
    public static void AddTo(Scope scope, TimeProvider clock)
    {
        Add("raise_exception", (arguments, budget) =>
            throw new TemplateException(PythonText.Str(arguments.Bind("raise_exception", "message").Required(0), budget).Text, TemplateErrorKind.Raised));
        Add("strftime_now", (arguments, _) =>
            TextValue.OfTemplate(TimeFormat.Format(clock.GetLocalNow(), arguments.Bind("strftime_now", "format").RequiredText(0).Text)));
        Add("namespace", Namespace);
        Add("range", Range);
        Add("dict", Dict);

        void Add(string name, Func<Arguments, RenderBudget, Value> function) => scope.Set(name, new BuiltinValue(name, function));
    }

    private static NamespaceValue Namespace(Arguments arguments, RenderBudget budget)
    {
        var space = new NamespaceValue();
        foreach (var (key, value) in Dict(arguments, budget).Entries)
        {
            space.Attributes[PythonText.Str(key, budget).Text] = value;
        }

        return space;
    }

    private static DictValue Dict(Arguments arguments, RenderBudget budget)
    {
        var dict = new DictValue();
        foreach (var source in arguments.Positional)
        {
            var pairs = source is DictValue other ? DictMethods.Items(other, budget).Items : Sequences.Items(source, budget);
            foreach (var pair in pairs)
            {
                if (pair is not ListValue { Items: [var key, var value] })
                {
                    throw Failures.Type("dict() needs pairs");
                }

                dict.Set(key, value);
            }
        }

        foreach (var (key, value) in arguments.Named)
        {
            dict.Set(key, value);
        }

        return dict;
    }

    private static ListValue Range(Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("range", "start", "stop", "step");
        var (start, stop) = bound[1] is null ? (0, Whole(bound, 0)) : (Whole(bound, 0), Whole(bound, 1));
        var step = bound[2] is null ? 1 : Whole(bound, 2);
        if (step == 0)
        {
            throw Failures.Type("range() arg 3 must not be zero");
        }

        var span = step > 0 ? (long)stop - start : (long)start - stop;
        var count = span <= 0 ? 0 : ((span - 1) / Math.Abs((long)step)) + 1;
        if (count > MaxRange)
        {
            throw new TemplateException($"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MaxRange}).", TemplateErrorKind.LimitExceeded);
        }

        budget.Spend(count);
        var items = new List<Value>((int)count);
        for (var i = 0; i < count; i++)
        {
            items.Add(Numbers.Counted((int)(start + ((long)i * step)), fromTemplate: true));
        }

        return new ListValue(items);
    }

    private static int Whole(BoundArguments bound, int index) => bound[index] is NoneValue
        ? throw Failures.Type("'NoneType' object cannot be interpreted as an integer")
        : bound.OptionalInteger(index) ?? throw Failures.Type("range expected at least 1 argument, got 0");
}
