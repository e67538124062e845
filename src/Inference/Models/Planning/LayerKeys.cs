namespace InferenceServer.Inference.Models.Planning;

/// <summary>Numbers of a header that may be given once for all layers or as a list with one for each.</summary>
internal sealed class LayerKeys(GgufReader reader, GgufHeader header)
{
    private readonly Dictionary<string, long[]?> _lists = new(StringComparer.Ordinal);

    /// <summary><c>general.architecture</c>.</summary>
    public string Architecture { get; } = header.FindText("general.architecture")!;

    /// <summary>The number for the whole model; the fallback if the key is not there or a list.</summary>
    public long Find(string name, long fallback = 0) => header.FindNumber($"{Architecture}.{name}") is { } number ? (long)number : fallback;

    /// <summary>The number for a layer.</summary>
    public long Find(string name, int layer, long fallback) =>
        FindList(name) is { } list ? (layer < list.Length ? list[layer] : fallback) : Find(name, fallback);

    /// <summary>The list with one number for each layer; null if there is none.</summary>
    public long[]? FindList(string name)
    {
        if (!_lists.TryGetValue(name, out var list))
        {
            list = header.Values.TryGetValue($"{Architecture}.{name}", out var value) && value.IsArray ? GgufNumberList.Read(reader, value) : null;
            _lists.Add(name, list);
        }

        return list;
    }
}
