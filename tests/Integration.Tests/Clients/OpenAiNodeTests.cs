using System.Numerics.Tensors;
using System.Text.Json;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>The openai package for Node, as its users install it.</summary>
[Collection(ClientCollection.Name)]
public sealed class OpenAiNodeTests(ClientCollection.Fixture fixture)
{
    [SkippableFact]
    public async Task OpenAiForNode_ChatStreamErrorsAbortAndChoices_AreWhatItExpects()
    {
        await NodeClient.InstallAsync();
        var result = await NodeClient.RunScriptAsync("openai-node.mjs", fixture.Server.ApiAddress.ToString());

        Assert.Contains("Paris", result.GetProperty("whole").GetString(), StringComparison.Ordinal);
        Assert.Equal(result.GetProperty("whole").GetString(), result.GetProperty("streamed").GetString());
        Assert.StartsWith("req_", result.GetProperty("requestId").GetString(), StringComparison.Ordinal);
        Assert.Equal("stop", result.GetProperty("finish").GetString());
        Assert.Equal(result.GetProperty("completionTokens")[0].GetInt32(), result.GetProperty("completionTokens")[1].GetInt32());
        Assert.Equal("""{"status":400,"code":"context_length_exceeded","param":"messages","name":"BadRequestError"}""", result.GetProperty("overlong").GetRawText());
        Assert.Equal(5, result.GetProperty("chunks").GetInt32());
        Assert.Equal([0, 1, 2], result.GetProperty("choices").EnumerateArray().Select(choice => choice[0].GetInt32()));
        Assert.Equal(2, result.GetProperty("models").GetArrayLength());
        AssertEmbeddings(result);
        await fixture.Server.WaitUntilIdleAsync(); // the stream that was left is over
    }

    [SkippableFact]
    public async Task OpenAiForNode_ResponsesWithState_AreWhatItExpects()
    {
        await NodeClient.InstallAsync();
        var result = await NodeClient.RunScriptAsync("openai-responses.mjs", fixture.Server.ApiAddress.ToString());

        Assert.Contains("Paris", result.GetProperty("whole").GetString(), StringComparison.Ordinal);
        Assert.Equal(result.GetProperty("whole").GetString(), result.GetProperty("streamed").GetString());
        Assert.True(result.GetProperty("cached").GetInt32() >= result.GetProperty("known").GetInt32(), result.GetRawText());
        Assert.Equal(["response.created", "response.completed"], result.GetProperty("ends").EnumerateArray().Select(type => type.GetString()));
        var numbers = result.GetProperty("numbers").EnumerateArray().Select(number => number.GetInt32()).ToArray();
        Assert.Equal(Enumerable.Range(0, numbers.Length), numbers);
        Assert.Equal(result.GetProperty("ended").GetString(), result.GetProperty("joined").GetString());
        Assert.Equal("""[["message","user","Where is Paris?"]]""", result.GetProperty("items").GetRawText());
        Assert.Equal(
            """[[404,null,null],[400,"previous_response_not_found","previous_response_id"],[400,null,null],[400,"context_length_exceeded","input"]]""",
            result.GetProperty("errors").GetRawText());
        await fixture.Server.WaitUntilIdleAsync(); // the stream that was left is over
    }

    private static void AssertEmbeddings(JsonElement result)
    {
        var (text, tokens, reference) = EmbeddingCases.Read()[0];
        Assert.Equal("A cat sits on the mat.", text);
        var embeddings = result.GetProperty("embeddings").EnumerateArray()
            .Select(item => item.EnumerateArray().Select(value => value.GetSingle()).ToArray())
            .ToArray();
        Assert.Equal([reference.Length, reference.Length], embeddings.Select(embedding => embedding.Length));
        Assert.InRange(TensorPrimitives.CosineSimilarity(embeddings[0], reference), 0.998f, 1.0001f);
        Assert.InRange(result.GetProperty("embeddingTokens").GetInt32(), tokens.Length + 3, 2 * tokens.Length);

        // Plus signs and slashes as they are: clients that decode by hand do not read escapes.
        var raw = result.GetProperty("rawEmbeddings").GetString()!;
        Assert.DoesNotContain('\\', raw);
        Assert.Contains('+', raw);
        Assert.Contains('/', raw);
    }
}
