using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>Raw completions and log probabilities over the embedded model, as evaluation harnesses and editors ask for them.</summary>
[Collection(ClientCollection.Name)]
public sealed class CompletionsTests(ClientCollection.Fixture fixture)
{
    [Fact]
    public async Task Completions_EchoAndNoTokens_ScoreASensibleContinuationAboveASillyOne()
    {
        var choices = (await PostAsync("/v1/completions", new
        {
            prompt = new[] { "The capital of France is Paris", "The capital of France is banana" },
            echo = true,
            max_tokens = 0,
            logprobs = 1,
        })).GetProperty("choices");

        double[] sums = [.. choices.EnumerateArray().Select(choice =>
        {
            var scores = choice.GetProperty("logprobs").GetProperty("token_logprobs").EnumerateArray().ToArray();
            Assert.Equal(JsonValueKind.Null, scores[0].ValueKind);
            Assert.All(scores[1..], score => Assert.InRange(score.GetDouble(), -100, 0));
            Assert.Equal("length", choice.GetProperty("finish_reason").GetString());
            return scores[1..].Sum(score => score.GetDouble());
        })];
        Assert.True(sums[0] > sums[1] + 2, $"{sums[0]} against {sums[1]}");
        Assert.Equal("The capital of France is Paris", choices[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Completions_AsLmEvalSendsThem_KeepOneEntryPerTokenAndGreedyIsTheMaximum()
    {
        // Token ids in, one token generated and dropped by the client: positions must not shift.
        int[] prompt = [504, 3575, 282, 4649, 314];
        var logProbs = (await PostAsync("/v1/completions", new { prompt = new[] { prompt }, echo = true, max_tokens = 1, logprobs = 1, temperature = 0 }))
            .GetProperty("choices")[0].GetProperty("logprobs");
        var scores = logProbs.GetProperty("token_logprobs").EnumerateArray().ToArray();

        Assert.Equal(prompt.Length + 1, scores.Length);
        Assert.Equal(prompt.Length + 1, logProbs.GetProperty("tokens").GetArrayLength());
        var best = logProbs.GetProperty("top_logprobs")[prompt.Length].EnumerateObject().Max(entry => entry.Value.GetSingle());
        Assert.Equal(best, scores[^1].GetSingle());
    }

    [Fact]
    public async Task ChatLogProbs_Joined_AreTheText()
    {
        var choice = (await PostAsync("/v1/chat/completions", Chats.Capital(("logprobs", true), ("top_logprobs", 3)))).GetProperty("choices")[0];
        var entries = choice.GetProperty("logprobs").GetProperty("content").EnumerateArray().ToArray();
        byte[] bytes = [.. entries.SelectMany(entry => entry.GetProperty("bytes").EnumerateArray().Select(value => value.GetByte()))];

        Assert.Equal(choice.GetProperty("message").GetProperty("content").GetString(), Encoding.UTF8.GetString(bytes));
        Assert.All(entries, entry =>
        {
            Assert.Equal(3, entry.GetProperty("top_logprobs").GetArrayLength());
            Assert.Equal(entry.GetProperty("top_logprobs")[0].GetProperty("logprob").GetSingle(), entry.GetProperty("logprob").GetSingle());
        });
    }

    [Fact]
    public async Task Chat_ContinuedMessage_GoesOnBehindIt()
    {
        var answer = await PostAsync("/v1/chat/completions", new
        {
            messages = new object[]
            {
                new { role = "system", content = Chats.System },
                new { role = "user", content = Chats.CapitalQuestion },
                new { role = "assistant", content = "The capital of France is" },
            },
            continue_final_message = true,
            temperature = 0,
            max_tokens = 3,
        });

        Assert.StartsWith(" Paris", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), StringComparison.Ordinal);
    }

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        using var response = await fixture.Server.Client.PostAsJsonAsync(path, body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
