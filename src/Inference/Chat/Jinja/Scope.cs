namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Names of one block (the template, a loop's turn, a macro's call) and, behind them, those of the blocks around it.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, Value> _names = new(StringComparer.Ordinal);

    /// <summary>Sets a name in this block; outer blocks keep theirs.</summary>
    public void Set(string name, Value value) => _names[name] = value;

    /// <summary>The value of a name; null if no block around has it.</summary>
    public Value? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._names.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return null;
    }

    private Scope? Outer { get; } = outer;
}
