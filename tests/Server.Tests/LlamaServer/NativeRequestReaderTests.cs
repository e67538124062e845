using System.Text.Json;
using InferenceServer.Server.LlamaServer;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Tests.LlamaServer;

public sealed class NativeRequestReaderTests
{
    [Theory]
    [InlineData("""{"prompt":"a","n_predict":-2}""", "n_predict", "integer_below_min_value")]
    [InlineData("""{"prompt":"a","n_probs":21}""", "n_probs", "integer_above_max_value")]
    [InlineData("""{"prompt":[]}""", "prompt", "empty_array")]
    [InlineData("""{"prompt":[1,"a"]}""", "prompt[1]", "invalid_type")]
    [InlineData("""{"prompt":"a","grammar":5}""", "grammar", "invalid_type")]
    [InlineData("""{"prompt":"a","grammar":"root ::= x","json_schema":{}}""", "json_schema", "invalid_value")]
    [InlineData("""{"prompt":"a","lora":[]}""", "lora", "unsupported_parameter")]
    [InlineData("""{"prompt":"a","image_data":[]}""", "image_data", "unsupported_parameter")]
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
