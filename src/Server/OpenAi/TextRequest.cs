using System.ComponentModel;
using System.Text.Json;

namespace InferenceServer.Server.OpenAi;

/// <summary>The fields that OpenAI's requests for text have in common, whatever their prompt is.</summary>
internal abstract record TextRequest : SamplingRequest
{
    /// <summary>Options of a stream; ignored without <c>stream</c>.</summary>
    public StreamOptions? StreamOptions { get; init; }

    /// <summary>The same, under vLLM's name.</summary>
    public double? RepetitionPenalty { get; init; }

    /// <summary>Tokens that end the answer, besides the model's own.</summary>
    public IReadOnlyList<int>? StopTokenIds { get; init; }

    /// <summary>Show the stop text or token that ended the answer.</summary>
    public bool? IncludeStopStrInOutput { get; init; }

    /// <summary>Nothing ends the answer before so many tokens.</summary>
    public int? MinTokens { get; init; }

    /// <summary>Prefixes are shared only among requests with the same salt.</summary>
    public string? CacheSalt { get; init; }

    /// <summary><c>priority</c>, <c>default</c> or <c>flex</c>: who waits for whom. Other values mean <c>default</c>.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>What the text must fit: <c>{"type":"json_schema","json_schema":{...}}</c>, <c>{"type":"json_object"}</c> or <c>{"type":"text"}</c>.</summary>
    public JsonElement? ResponseFormat { get; init; }

    /// <summary>A grammar that the text must fit, in llama.cpp's notation (GBNF).</summary>
    public string? Grammar { get; init; }

    /// <summary>Only false: strict tools are constrained by themselves.</summary>
    public bool? GrammarLazy { get; init; }

    /// <summary>A JSON Schema that the text must fit, as llama.cpp's server has it.</summary>
    [Description("A schema, or the text of one.")]
    public JsonElement? JsonSchema { get; init; }

    /// <summary>The same, as vLLM has it.</summary>
    [Description("A schema, or the text of one.")]
    public JsonElement? GuidedJson { get; init; }

    /// <summary>A regular expression that the text must match.</summary>
    public string? GuidedRegex { get; init; }

    /// <summary>Texts of which the answer is one.</summary>
    public IReadOnlyList<string>? GuidedChoice { get; init; }

    /// <summary>The same as <c>grammar</c>, as vLLM has it.</summary>
    public string? GuidedGrammar { get; init; }

    /// <summary>One of <c>json</c>, <c>regex</c>, <c>choice</c>, <c>grammar</c> and <c>json_object</c>, as vLLM has it.</summary>
    public JsonElement? StructuredOutputs { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public string? User { get; init; }
}
