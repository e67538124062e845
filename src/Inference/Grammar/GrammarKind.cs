namespace InferenceServer.Inference.Grammar;

/// <summary>What language a grammar is written in.</summary>
public enum GrammarKind
{
    /// <summary>A JSON Schema (2020-12, with draft 7's spelling of tuples); the output is one JSON value.</summary>
    JsonSchema,

    /// <summary>Any JSON object; the source text is empty.</summary>
    JsonObject,

    /// <summary>A regular expression that the whole output matches.</summary>
    Regex,

    /// <summary>llama.cpp's grammar text; the output is one <c>root</c>.</summary>
    Gbnf,

    /// <summary>Put together of parts in other languages.</summary>
    Composition,
}
