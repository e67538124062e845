using System.Text.Json;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Tests.Validation;

public sealed class RerankRequestValidatorTests
{
    [Fact]
    public void Validate_BothDialects_AreRead()
    {
        var jina = Valid("""{"query":"q","documents":["a",{"text":"b"}],"top_n":0,"return_documents":true,"model":"m"}""");
        Assert.False(jina.IsTei);
        Assert.Equal(["a", "b"], jina.Documents.AsEnumerable());
        Assert.Equal((null, true, false, "m"), (jina.TopN, jina.ReturnText, jina.RawScores, jina.Model));

        var tei = Valid("""{"query":"q","texts":["a",""],"raw_scores":true,"truncate":true,"return_text":false,"top_n":1}""");
        Assert.True(tei.IsTei);
        Assert.Equal(["a", ""], tei.Documents.AsEnumerable());
        Assert.Equal((1, false, true, true), (tei.TopN, tei.ReturnText, tei.RawScores, tei.Truncate));
    }

    [Theory]
    [InlineData("""{"documents":["a"]}""", "query", "missing_required_parameter")]
    [InlineData("""{"query":"","documents":["a"]}""", "query", "empty_string")]
    [InlineData("""{"query":1,"documents":["a"]}""", "query", "invalid_type")]
    [InlineData("""{"query":"q"}""", "documents", "missing_required_parameter")]
    [InlineData("""{"query":"q","documents":[]}""", "documents", "empty_array")]
    [InlineData("""{"query":"q","documents":"a"}""", "documents", "invalid_type")]
    [InlineData("""{"query":"q","documents":["a",1]}""", "documents[1]", "invalid_type")]
    [InlineData("""{"query":"q","documents":[{}]}""", "documents[0].text", "missing_required_parameter")]
    [InlineData("""{"query":"q","documents":[{"text":1}]}""", "documents[0].text", "invalid_type")]
    [InlineData("""{"query":"q","texts":5}""", "texts", "invalid_type")]
    [InlineData("""{"query":"q","documents":["a"],"top_n":-1}""", "top_n", "integer_below_min_value")]
    [InlineData("""{"query":"q","documents":["a"],"raw_scores":1}""", "raw_scores", "invalid_type")]
    public void Validate_WrongField_IsNamed(string body, string param, string code)
    {
        Assert.False(RerankRequestValidator.Validate(JsonDocument.Parse(body).RootElement).TryGet(out _, out var error));
        Assert.Equal((400, param, code), (error!.Status, error.Param, error.Code));
    }

    private static ValidRerankRequest Valid(string body)
    {
        Assert.True(RerankRequestValidator.Validate(JsonDocument.Parse(body).RootElement).TryGet(out var request, out var error), error?.Message);
        return request;
    }
}
