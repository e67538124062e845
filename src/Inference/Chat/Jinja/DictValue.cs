using System.Diagnostics.CodeAnalysis;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>A dictionary in order of insertion. Keys remember their authors and compare without them.</summary>
internal sealed class DictValue : Value
{
    private readonly OrderedDictionary<Value, Value> _entries = new(KeyComparer.Instance);

    public int Count => _entries.Count;

    public IEnumerable<KeyValuePair<Value, Value>> Entries => _entries;

    public IEnumerable<Value> Keys => _entries.Keys;

    public IEnumerable<Value> Values => _entries.Values;

    public override string TypeName => "dict";

    public override bool IsTrue => _entries.Count > 0;

    /// <summary>Sets a value; a key that is there already keeps its place and its author. Throws for a key that Python cannot hash.</summary>
    public void Set(Value key, Value value) => _entries[Hashable(key)] = value;

    /// <summary>Sets a value under a key that this program chose, not the request.</summary>
    public void Set(string key, Value value) => _entries[TextValue.OfTemplate(key)] = value;

    public bool TryGet(Value key, [MaybeNullWhen(false)] out Value value) => _entries.TryGetValue(Hashable(key), out value);

    public bool TryGet(string key, [MaybeNullWhen(false)] out Value value) => _entries.TryGetValue(TextValue.OfTemplate(key), out value);

    public bool Remove(Value key, [MaybeNullWhen(false)] out Value value) => _entries.Remove(Hashable(key), out value);

    public KeyValuePair<Value, Value> RemoveLast()
    {
        var last = _entries.GetAt(_entries.Count - 1);
        _entries.RemoveAt(_entries.Count - 1);
        return last;
    }

    public void Clear() => _entries.Clear();

    public DictValue Copy()
    {
        var copy = new DictValue();
        foreach (var (key, value) in _entries)
        {
            copy.Set(key, value);
        }

        return copy;
    }

    // Tuples as keys are flat, so that hashing one is never more work than looking at it.
    private static Value Hashable(Value key) => key switch
    {
        TextValue or NumberValue or BoolValue or NoneValue => key,
        ListValue { Kind: SequenceKind.Tuple } tuple when tuple.Items.TrueForAll(item => item is TextValue or NumberValue or BoolValue or NoneValue) => key,
        UndefinedValue undefined => throw undefined.Failure(),
        _ => throw Failures.Type($"unhashable type: '{key.TypeName}'"),
    };
}
