using System.Text.Json;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Tests.Validation;

public sealed class EmbeddingRequestValidatorTests
{
    private static readonly ServedEmbeddingModel Model = new(
        new ModelMetadata
        {
            Path = "/models/tiny-embed.gguf",
            Name = "Tiny",
            Architecture = "bert",
            ContextLength = 512,
            EmbeddingLength = 8,
            BlockCount = 1,
            VocabularySize = 100,
            ParameterCount = 1,
            FileSize = 1,
            Embedding = new EmbeddingMetadata { Pooling = PoolingKind.Mean, Dimensions = 8, MaxInputTokens = 512 },
        },
        FixedClock.Now);

    [Theory]
    [InlineData("""{"input":"one"}""", false, "one")]
    [InlineData("""{"input":["one","two"]}""", true, "one", "two")]
    public void Validate_Texts_BecomeInputs(string body, bool isList, params string[] texts)
    {
        var request = Valid(body);
        Assert.Equal(isList, request.IsList);
        Assert.Equal(texts, request.Inputs.Select(input => input.Text!.ToString()));
        Assert.All(request.Inputs, input => Assert.True(input.Text!.AddsSpecial && !input.Text!.Segments[0].FromTemplate));
    }

    [Fact]
    public void Validate_TokenIds_BecomeInputsAsTheyAre()
    {
        Assert.Equal([0, 99], Assert.Single(Valid("""{"input":[0,99]}""").Inputs).Tokens.ToArray());
        var many = Valid("""{"input":[[1],[2,3],"text"]}""");
        Assert.True(many.IsList);
        Assert.Equal([2, 3], many.Inputs[1].Tokens.ToArray());
        Assert.Equal("text", many.Inputs[2].Text!.ToString());
    }

    [Theory]
    [InlineData("""{}""", "input", "missing_required_parameter")]
    [InlineData("""{"input":null}""", "input", "missing_required_parameter")]
    [InlineData("""{"input":5}""", "input", "invalid_type")]
    [InlineData("""{"input":{}}""", "input", "invalid_type")]
    [InlineData("""{"input":""}""", "input", "empty_string")]
    [InlineData("""{"input":[]}""", "input", "empty_array")]
    [InlineData("""{"input":["a",""]}""", "input[1]", "empty_string")]
    [InlineData("""{"input":[[]]}""", "input[0]", "empty_array")]
    [InlineData("""{"input":[null]}""", "input[0]", "invalid_type")]
    [InlineData("""{"input":["a",1]}""", "input[1]", "invalid_type")]
    [InlineData("""{"input":[1,"a"]}""", "input[1]", "invalid_type")]
    [InlineData("""{"input":[1,2.5]}""", "input[1]", "invalid_value")]
    [InlineData("""{"input":[-1]}""", "input[0]", "invalid_value")]
    [InlineData("""{"input":[99999999999999999999]}""", "input[0]", "invalid_value")]
    [InlineData("""{"input":"a","dimensions":9}""", "dimensions", "integer_above_max_value")]
    [InlineData("""{"input":"a","dimensions":0}""", "dimensions", "integer_below_min_value")]
    [InlineData("""{"input":"a","dimensions":"8"}""", "dimensions", "invalid_type")]
    [InlineData("""{"input":"a","encoding_format":"int8"}""", "encoding_format", "invalid_value")]
    [InlineData("""{"input":"a","encoding_format":1}""", "encoding_format", "invalid_type")]
    [InlineData("""{"input":"a","user":1}""", "user", "invalid_type")]
    [InlineData("""{"input":"a","model":[]}""", "model", "invalid_type")]
    public void Validate_WrongField_IsNamed(string body, string param, string code)
    {
        var error = Refused(body);
        Assert.Equal((400, param, code), (error.Status, error.Param, error.Code));
    }

    [Fact]
    public void Validate_TokenOutsideTheVocabulary_NamesTheSwitchThatSendsText()
    {
        var error = Refused("""{"input":[[5],[1,100257]]}""");
        Assert.Equal("input[1][1]", error.Param);
        Assert.Contains("100257", error.Message, StringComparison.Ordinal);
        Assert.Contains("0 to 99", error.Message, StringComparison.Ordinal);
        Assert.Contains("check_embedding_ctx_length=False", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_MostInputs_AreTakenAndOneMoreIsNot()
    {
        Assert.Equal(2048, Valid($$"""{"input":[{{string.Join(',', Enumerable.Repeat("\"a\"", 2048))}}]}""").Inputs.Length);
        Assert.Equal("array_above_max_length", Refused($$"""{"input":[{{string.Join(',', Enumerable.Repeat("\"a\"", 2049))}}]}""").Code);
    }

    private static ValidEmbeddingRequest Valid(string body)
    {
        Assert.True(EmbeddingRequestValidator.Validate(JsonDocument.Parse(body).RootElement, Model).TryGet(out var request, out var error), error?.Message);
        return request;
    }

    private static RequestError Refused(string body)
    {
        Assert.False(EmbeddingRequestValidator.Validate(JsonDocument.Parse(body).RootElement, Model).TryGet(out _, out var error));
        return error!;
    }
}
