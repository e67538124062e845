namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>What <c>value.name</c> and <c>value[index]</c> give. What is not there is undefined, not an error.</summary>
internal static class Members
{
    /// <summary><c>target.name</c>: a method or attribute of the type first, then a key.</summary>
    public static Value Attribute(Value target, string name)
    {
        switch (target)
        {
            case UndefinedValue undefined:
                throw undefined.Failure();
            case NamespaceValue space when space.Attributes.TryGetValue(name, out var value):
                return value;
            case LoopValue loop when loop.Find(name) is { } value:
                return value;
        }

        return Method(target, name) ?? (target is DictValue dict && dict.TryGet(name, out var entry) ? entry : Failures.NoAttribute(target, name));
    }

    /// <summary><c>target[index]</c>: an item first, then, for a text, a method or attribute of that name.</summary>
    public static Value Item(Value target, Value index, RenderBudget budget)
    {
        switch (target)
        {
            case UndefinedValue undefined:
                throw undefined.Failure();
            case DictValue dict when index is not (ListValue { Kind: not SequenceKind.Tuple } or DictValue):
                budget.SpendValue(index);
                if (dict.TryGet(index, out var entry))
                {
                    return entry;
                }

                break;
            case ListValue { Kind: not SequenceKind.Generator } list when Numbers.Of(index) is IntegerValue integer:
                var position = Numbers.Clamp(integer.Number);
                position = position < 0 ? position + list.Items.Count : position;
                return position >= 0 && position < list.Items.Count
                    ? list.Items[position]
                    : new UndefinedValue($"{target.TypeName} object has no element {PythonText.Digits(integer)}");
            case TextValue text when Numbers.Of(index) is IntegerValue integer:
                var character = Numbers.Clamp(integer.Number);
                var slice = Sequences.Slice(text, character, character == -1 ? null : character + 1, 1, budget);
                return slice.IsTrue ? slice : new UndefinedValue($"str object has no element {PythonText.Digits(integer)}");
        }

        return index switch
        {
            UndefinedValue undefined => throw undefined.Failure(),
            TextValue name when target is NamespaceValue or LoopValue => Attribute(target, name.Text),
            TextValue name => (Value?)Method(target, name.Text) ?? Failures.NoAttribute(target, name.Text),
            _ => new UndefinedValue($"{target.TypeName} object has no element {PythonText.Str(index, budget).Text}"),
        };
    }

    private static BuiltinValue? Method(Value target, string name) => target switch
    {
        TextValue text => TextMethods.Find(text, name),
        DictValue dict => DictMethods.Find(dict, name),
        ListValue list => ListMethods.Find(list, name),
        _ => null,
    };
}
