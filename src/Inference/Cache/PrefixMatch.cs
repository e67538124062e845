namespace InferenceServer.Inference.Cache;

/// <summary>The longest known prefix of some tokens. Valid until the tree changes.</summary>
/// <param name="Node">The node in which the match ends; null if nothing can match.</param>
/// <param name="Length">Tokens that match, from position 0; 0 is no match.</param>
internal readonly record struct PrefixMatch(PrefixNode? Node, int Length);
