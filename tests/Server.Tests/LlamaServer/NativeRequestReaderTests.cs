using System.Text.Json;
using InferenceServer.Server.LlamaServer;
using InferenceServer.Server.Tests.Validation;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Tests.LlamaServer;

public sealed class NativeRequestReaderTests
{
    private static readonly Dictionary<string, string[]> Common = new()
    {
        ["model"] = ["string"],
        ["n_predict"] = ["number"],
        ["stream"] = ["boolean"],
        ["stop"] = ["string", "array"],
        ["ignore_eos"] = ["boolean"],
        ["temperature"] = ["number", "decimal"],
        ["top_p"] = ["number", "decimal"],
        ["top_k"] = ["number"],
        ["min_p"] = ["number", "decimal"],
        ["repeat_penalty"] = ["number", "decimal"],
        ["repeat_last_n"] = ["number"],
        ["presence_penalty"] = ["number", "decimal"],
        ["frequency_penalty"] = ["number", "decimal"],
        ["logit_bias"] = ["object", "array"],
        ["seed"] = ["number"],
        ["n_probs"] = ["number"],
        ["cache_prompt"] = ["boolean"],
        ["return_tokens"] = [],
    };

    [Fact]
    public void CompletionFields_OfEveryJsonType_AreTakenOrRefusedByName() => FieldFuzz.Check(
        LlamaServerJson.Wire.NativeCompletionRequest,
        new(Common) { ["prompt"] = ["string"] },
        """{"prompt":"Hi"}""",
        body => ErrorOf(NativeRequestReader.ReadCompletion(body, TestApp.VocabularySize)),
        "prompt");

    [Fact]
    public void InfillFields_OfEveryJsonType_AreTakenOrRefusedByName() => FieldFuzz.Check(
        LlamaServerJson.Wire.NativeInfillRequest,
        new(Common) { ["prompt"] = ["string"], ["input_prefix"] = ["string"], ["input_suffix"] = ["string"], ["input_extra"] = ["array"] },
        """{"input_prefix":"a","input_suffix":"b"}""",
        body => ErrorOf(NativeRequestReader.ReadInfill(body, TestApp.VocabularySize)),
        "input_prefix",
        "input_suffix");

    [Theory]
    [InlineData("""{"prompt":"a","n_predict":-2}""", "n_predict", "integer_below_min_value")]
    [InlineData("""{"prompt":"a","n_probs":21}""", "n_probs", "integer_above_max_value")]
    [InlineData("""{"prompt":[]}""", "prompt", "empty_array")]
    [InlineData("""{"prompt":[1,"a"]}""", "prompt[1]", "invalid_type")]
    [InlineData("""{"prompt":"a","grammar":5}""", "grammar", "invalid_type")]
    [InlineData("""{"prompt":"a","grammar":"root ::= x","json_schema":{}}""", "json_schema", "invalid_value")]
    public void CompletionField_WithWrongPart_IsRefusedByPath(string body, string param, string code)
    {
        var error = ErrorOf(NativeRequestReader.ReadCompletion(JsonElement.Parse(body), TestApp.VocabularySize));
        Assert.Equal((param, code), (error?.Param, error?.Code));
    }

    [Theory]
    [InlineData("""{"input_prefix":"a","input_suffix":"b","input_extra":[5]}""", "input_extra[0]", "invalid_type")]
    [InlineData("""{"input_prefix":"a","input_suffix":"b","input_extra":[{"filename":"x"}]}""", "input_extra[0].text", "missing_required_parameter")]
    public void InfillField_WithWrongPart_IsRefusedByPath(string body, string param, string code)
    {
        var error = ErrorOf(NativeRequestReader.ReadInfill(JsonElement.Parse(body), TestApp.VocabularySize));
        Assert.Equal((param, code), (error?.Param, error?.Code));
    }

    private static RequestError? ErrorOf(Checked<ValidCompletionRequest> read)
    {
        read.TryGet(out _, out var error);
        return error;
    }
}
