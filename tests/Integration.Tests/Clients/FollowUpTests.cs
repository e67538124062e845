using System.Net.Http.Json;
using System.Text.Json;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>What the next turn of a conversation pays for, on the real model.</summary>
[Collection(ClientCollection.Name)]
public sealed class FollowUpTests(ClientCollection.Fixture fixture)
{
    [Fact]
    public async Task FollowUp_OfAnAnswerThatEncodesToOtherTokens_PaysOnlyForWhatIsNew()
    {
        var question = new { role = "user", content = $"Remember these words: {Chats.Words(40, 77)}. Write about them." };
        var numOther = 0;
        for (var seed = 0; seed < 30 && numOther < 2; seed++)
        {
            // Of a hot model: its words are often spelled in other tokens than the tokenizer's.
            var first = await fixture.Server.AnswerAsync(new { messages = new[] { question }, temperature = 1.5, seed, max_tokens = 50 });
            var choice = first.GetProperty("choices")[0];
            var text = choice.GetProperty("message").GetProperty("content").GetString()!;
            var (numPrompt, numOutput) = (Usage(first, "prompt_tokens"), Usage(first, "completion_tokens"));
            if (choice.GetProperty("finish_reason").GetString() != "length" || await CountAsync(text) == numOutput)
            {
                continue;
            }

            numOther++;
            var next = await fixture.Server.AnswerAsync(
                new { messages = new[] { question, new { role = "assistant", content = text }, new { role = "user", content = $"And {seed}?" } }, temperature = 0, max_tokens = 5 });
            var numCached = next.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
            Assert.InRange(numCached, numPrompt + numOutput - 1, numPrompt + numOutput);
            Assert.InRange(Usage(next, "prompt_tokens"), numPrompt + numOutput + 1, numPrompt + numOutput + 40);
        }

        Assert.Equal(2, numOther);
    }

    private static int Usage(JsonElement answer, string name) => answer.GetProperty("usage").GetProperty(name).GetInt32();

    private async Task<int> CountAsync(string text)
    {
        using var response = await fixture.Server.Client.PostAsJsonAsync("/tokenize", new { content = text });
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("tokens").GetArrayLength();
    }
}
