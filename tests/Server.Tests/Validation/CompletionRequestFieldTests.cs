using System.Text.Json;
using System.Text.Json.Nodes;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Tests.Validation;

/// <summary>What fields of a completion request may not say, beside the wrong types that FieldTests tries.</summary>
public sealed class CompletionRequestFieldTests
{
    public static TheoryData<string> FieldNames() => new(OpenAiJson.Wire.CompletionRequest.Properties.Select(property => property.Name));

    [Theory]
    [MemberData(nameof(FieldNames))]
    public void Field_Null_IsTheSameAsAbsent(string name) =>
        Assert.Equal(JsonSerializer.Serialize(Read("{}").Request), JsonSerializer.Serialize(Read($$"""{"{{name}}":null}""").Request));

    [Theory]
    [InlineData("""{"prompt":[]}""", "prompt", "empty_array")]
    [InlineData("""{"prompt":[[1],[]]}""", "prompt[1]", "empty_array")]
    [InlineData("""{"prompt":["a",5]}""", "prompt[1]", "invalid_type")]
    [InlineData("""{"prompt":[5,"a"]}""", "prompt[1]", "invalid_type")]
    [InlineData("""{"prompt":[[5],"a"]}""", "prompt[1]", "invalid_type")]
    [InlineData("""{"prompt":[true]}""", "prompt[0]", "invalid_type")]
    [InlineData("""{"prompt":[5,1000]}""", "prompt[1]", "invalid_value")]
    [InlineData("""{"prompt":[[5,-1]]}""", "prompt[0][1]", "invalid_value")]
    [InlineData("""{"prompt":[1.5]}""", "prompt[0]", "invalid_value")]
    [InlineData("""{"n":3,"best_of":2}""", "best_of", "invalid_value")]
    [InlineData("""{"best_of":2,"stream":true}""", "best_of", "invalid_value")]
    [InlineData("""{"best_of":21}""", "best_of", "integer_above_max_value")]
    [InlineData("""{"logprobs":6}""", "logprobs", "integer_above_max_value")]
    [InlineData("""{"max_tokens":-2}""", "max_tokens", "integer_below_min_value")]
    [InlineData("""{"echo":true,"suffix":"x"}""", "echo", "unsupported_value")]
    [InlineData("""{"guided_regex":"a","response_format":{"type":"json_object"}}""", "guided_regex", "invalid_value")]
    [InlineData("""{"response_format":{"type":"xml"}}""", "response_format.type", "invalid_value")]
    public void Request_ThatCannotBe_IsRefusedByPath(string body, string param, string code)
    {
        var error = Read(body).Error;
        Assert.NotNull(error);
        Assert.Equal((param, code), (error.Param, error.Code));
    }

    [Fact]
    public void Request_WithoutFields_HasOpenAisDefaults()
    {
        var request = Read("{}").Request!;
        Assert.Equal("", Assert.Single(request.Prompts).Text);
        Assert.Equal(16, request.MaxOutputTokens);
        Assert.Equal((1, 1), (request.NumChoices, request.NumCandidates));
        Assert.Null(request.TopLogProbs);
        Assert.True(request.AddsSpecial);
    }

    [Theory]
    [InlineData("""{"best_of":3}""", 0, false)]
    [InlineData("""{"best_of":3,"logprobs":2}""", 2, true)]
    [InlineData("""{"logprobs":0}""", 0, true)]
    public void LogProbs_ForChoosingOrReporting_AreAskedOfTheEngine(string body, int top, bool reports)
    {
        var request = Read(body).Request!;
        Assert.Equal(top, request.TopLogProbs);
        Assert.Equal(reports, request.ReportsLogProbs);
    }

    private static (ValidCompletionRequest? Request, RequestError? Error) Read(string body)
    {
        using var document = JsonDocument.Parse(JsonNode.Parse(body)!.ToJsonString());
        CompletionRequestValidator.Validate(document.RootElement, TestApp.VocabularySize).TryGet(out var request, out var error);
        return (request, error);
    }
}
