using System.ComponentModel;
using System.Text.Json;

namespace InferenceServer.Server.OpenAi;

/// <summary>What the text of an answer has to fit, under OpenAI's name and those of local servers; only one of them in a request.</summary>
/// <inheritdoc cref="SamplingRequest"/>
internal abstract record TextRequest : SamplingRequest
{
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
}
