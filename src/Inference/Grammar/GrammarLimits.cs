namespace InferenceServer.Inference.Grammar;

/// <summary>
/// Bounds on what a client can make the constraint engine do. They are an order of magnitude above the largest published
/// schemas (OpenAI's own limit is 5,000 properties) and keep a hostile source below a few seconds and some tens of MB.
/// </summary>
internal static class GrammarLimits
{
    /// <summary>Characters of a source.</summary>
    public const int MaxSourceLength = 1_000_000;

    /// <summary>Levels of groups or schemas inside each other in a source.</summary>
    public const int MaxNesting = 100;

    /// <summary>States of a compiled automaton: a string of at most 65,536 characters takes as many.</summary>
    public const int MaxStates = 300_000;

    /// <summary>Edges of a compiled automaton, 16 bytes each.</summary>
    public const int MaxEdges = 1_500_000;

    /// <summary>States of one regular expression after determinization.</summary>
    public const int MaxTextStates = 40_000;

    /// <summary>Elementary steps of building regular expressions, of one source.</summary>
    public const long MaxTextWork = 30_000_000;

    /// <summary>Schemas of one source after references, anyOf and allOf have been multiplied out.</summary>
    public const int MaxSchemas = 20_000;

    /// <summary>Time to compile one source.</summary>
    public static readonly TimeSpan MaxCompileTime = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Rules that may be open at once while text is matched. Text that nests deeper is refused where it begins to, early
    /// enough that everything open can still be closed.
    /// </summary>
    public const int MaxStackDepth = 256;

    /// <summary>
    /// Readings of the text so far that are followed at once. Of a more ambiguous grammar the first ones are kept: what is
    /// generated still fits, but some other texts that fit are refused.
    /// </summary>
    public const int MaxThreads = 8_192;

    /// <summary>Steps of finding the readings after one byte, for the same reason.</summary>
    public const int MaxClosureWork = 32_768;

    /// <summary>
    /// Steps of working out new states for one mask, some 50 ms. What a mask does not get to is left out of it, so a grammar
    /// made to be slow holds itself up and not the machine; the schemas of the tests need less than a hundredth.
    /// </summary>
    public const int MaxMaskWork = 1_000_000;

    /// <summary>Memory that the states remembered by one automaton may take, estimated, before it forgets them all.</summary>
    public const long MaxRememberedBytes = 16L << 20;
}
