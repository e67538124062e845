namespace InferenceServer.Inference.Grammar;

/// <summary>
/// Control tokens as bytes of an automaton: their name between two bytes that occur in no UTF-8, so that nothing but the token
/// itself can take their place.
/// </summary>
internal static class ControlSpelling
{
    /// <summary>Before and behind the name.</summary>
    public const byte Mark = 0xFF;

    /// <summary>The bytes of a control token.</summary>
    /// <param name="name">Its name in the vocabulary.</param>
    public static byte[] Of(ReadOnlySpan<byte> name) => [Mark, .. name, Mark];
}
