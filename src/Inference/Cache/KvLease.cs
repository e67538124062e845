namespace InferenceServer.Inference.Cache;

/// <summary>
/// What a running sequence holds in the KV memory: one sequence id that covers positions 0 to <see cref="NumTokens"/>. The
/// first <see cref="NumAttached"/> of them lie in the prefix tree, shared and locked; the rest are its own cells. Engine thread only.
/// </summary>
internal sealed class KvLease
{
    /// <summary>The library's sequence id.</summary>
    public required int SequenceId { get; init; }

    /// <summary>The node that ends the attached part; null for a lease outside the tree.</summary>
    public PrefixNode? Node { get; set; }

    /// <summary>Tokens in the tree: the end of <see cref="Node"/>.</summary>
    public int NumAttached => Node?.End ?? 0;

    /// <summary>Positions held, those promised to a step that has not run yet included.</summary>
    public int NumTokens { get; set; }

    /// <summary>Cells held outside the tree.</summary>
    public int NumOwn => NumTokens - NumAttached;
}
