using System.Globalization;

namespace InferenceServer.Inference.Models.Planning;

/// <summary>The tensors of one layer by role: <c>attn_k.weight</c> for <c>blk.7.attn_k.weight</c>.</summary>
internal sealed class LayerTensors
{
    private const string Prefix = "blk.";

    private readonly Dictionary<string, GgufTensorInfo> _byRole = new(StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public IEnumerable<GgufTensorInfo> All => _byRole.Values;

    /// <summary>Takes a tensor's name apart; false if it belongs to no layer.</summary>
    public static bool TryParse(string name, out int layer, out string role)
    {
        (layer, role) = (0, "");
        var dot = name.StartsWith(Prefix, StringComparison.Ordinal) ? name.IndexOf('.', Prefix.Length) : -1;
        if (dot < 0 || !int.TryParse(name.AsSpan(Prefix.Length, dot - Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out layer))
        {
            return false;
        }

        role = name[(dot + 1)..];
        return true;
    }

    /// <summary>True for the weights of routed experts.</summary>
    public static bool IsExperts(string name) => name.Contains("_exps.", StringComparison.Ordinal);

    /// <summary>Adds a tensor.</summary>
    public void Add(string role, GgufTensorInfo tensor) => _byRole[role] = tensor;

    /// <summary>True if there is a tensor whose role begins like this.</summary>
    public bool Has(string prefix) => _byRole.Keys.Any(role => role.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Numbers that the tensor makes of each token: its second dimension; 0 if it is not there.</summary>
    public long OutputsOf(string role) => _byRole.TryGetValue(role, out var tensor) && tensor.Dimensions.Count > 1 ? tensor.Dimensions[1] : 0;

    /// <summary>Numbers that the tensor takes of each token: its first dimension; 0 if it is not there.</summary>
    public long InputsOf(string role) => _byRole.TryGetValue(role, out var tensor) ? tensor.Dimensions[0] : 0;
}
