namespace InferenceServer.Bench.Bare;

/// <summary>Size of one prompt.</summary>
/// <param name="NumTokens">All its tokens.</param>
/// <param name="NumCachedTokens">Of those, tokens whose cells are there already, shared between prompts.</param>
internal readonly record struct BarePrompt(int NumTokens, int NumCachedTokens);
