namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Evaluated arguments of a call.</summary>
internal sealed record Arguments(IReadOnlyList<Value> Positional, IReadOnlyList<KeyValuePair<string, Value>> Named)
{
    public static readonly Arguments None = new([], []);

    /// <summary>Matches the arguments with the parameters of a built-in function; throws, as Python does, for those it has not.</summary>
    public BoundArguments Bind(string function, params ReadOnlySpan<string> parameters)
    {
        if (Positional.Count > parameters.Length)
        {
            throw Failures.Type($"{function}() takes at most {parameters.Length} arguments ({Positional.Count} given)");
        }

        var values = new Value?[parameters.Length];
        for (var i = 0; i < Positional.Count; i++)
        {
            values[i] = Positional[i];
        }

        foreach (var (name, value) in Named)
        {
            var index = parameters.IndexOf(name);
            if (index < 0)
            {
                throw Failures.Type($"{function}() got an unexpected keyword argument '{name}'");
            }

            values[index] = value;
        }

        return new BoundArguments(function, values);
    }
}

/// <summary>Arguments by position of their parameter; null where none was given.</summary>
internal readonly struct BoundArguments(string function, Value?[] values)
{
    public Value? this[int index] => values[index];

    public Value Required(int index) => values[index] ?? throw Failures.Type($"{function}() misses an argument");

    public TextValue RequiredText(int index) => Required(index) switch
    {
        TextValue text => text,
        UndefinedValue undefined => throw undefined.Failure(),
        var other => throw Failures.Type($"{function}() needs a string, not {other.TypeName}"),
    };

    /// <summary>A text; null if not given or None.</summary>
    public TextValue? OptionalText(int index) => values[index] is null or NoneValue ? null : RequiredText(index);

    public int Integer(int index, int fallback) => OptionalInteger(index) ?? fallback;

    /// <summary>An integer, clamped to what can index anything; null if not given or None.</summary>
    public int? OptionalInteger(int index) => values[index] switch
    {
        null or NoneValue => null,
        UndefinedValue undefined => throw undefined.Failure(),
        var value when Numbers.Of(value) is IntegerValue integer => Numbers.Clamp(integer.Number),
        var value => throw Failures.Type($"'{value.TypeName}' object cannot be interpreted as an integer"),
    };

    public bool Flag(int index, bool fallback) => values[index]?.IsTrue ?? fallback;
}
