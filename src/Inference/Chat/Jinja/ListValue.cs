namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>What kind of Python sequence a <see cref="ListValue"/> stands for.</summary>
internal enum SequenceKind
{
    /// <summary>A list: mutable, equal to lists only.</summary>
    List,

    /// <summary>A tuple: prints with round brackets, equal to tuples only.</summary>
    Tuple,

    /// <summary>What <c>map</c>, <c>select</c> and their like give: always true, without a length or an index.</summary>
    Generator,
}

/// <summary>A sequence of values.</summary>
internal sealed class ListValue(List<Value> items, SequenceKind kind = SequenceKind.List) : Value
{
    public List<Value> Items { get; } = items;

    public SequenceKind Kind { get; } = kind;

    public override string TypeName => Kind switch
    {
        SequenceKind.Tuple => "tuple",
        SequenceKind.Generator => "generator",
        _ => "list",
    };

    public override bool IsTrue => Kind == SequenceKind.Generator || Items.Count > 0;

    public static ListValue Tuple(params List<Value> items) => new(items, SequenceKind.Tuple);
}
