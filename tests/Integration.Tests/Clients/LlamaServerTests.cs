using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>The endpoints of llama.cpp's server, by raw HTTP on the real model.</summary>
[Collection(ClientCollection.Name)]
public sealed class LlamaServerTests(ClientCollection.Fixture fixture)
{
    [Fact]
    public async Task Completion_WholeAndStreamed_SayTheSame()
    {
        object Body(bool stream) => new { prompt = "1, 2, 3,", n_predict = 8, temperature = 0, n_probs = 1, stream };
        var whole = await PostAsync("/completion", Body(stream: false));
        Assert.Contains("4", whole.GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.Equal(("limit", 8, true), (whole.GetProperty("stop_type").GetString(), whole.GetProperty("tokens_predicted").GetInt32(), whole.GetProperty("stop").GetBoolean()));
        Assert.Equal(8, whole.GetProperty("completion_probabilities").GetArrayLength());
        Assert.All(whole.GetProperty("completion_probabilities").EnumerateArray(), token =>
        {
            Assert.InRange(token.GetProperty("logprob").GetSingle(), -20f, 0f);
            Assert.Equal(token.GetProperty("id").GetInt32(), token.GetProperty("top_logprobs")[0].GetProperty("id").GetInt32()); // greedy
        });

        using var response = await fixture.Server.Client.PostAsJsonAsync("/completion", Body(stream: true));
        var events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(item => JsonElement.Parse(item["data: ".Length..])).ToList();
        Assert.Equal(whole.GetProperty("content").GetString(), string.Concat(events.Select(item => item.GetProperty("content").GetString())));
        Assert.True(events[^1].GetProperty("stop").GetBoolean());
        Assert.All(events.SkipLast(1), item => Assert.False(item.GetProperty("stop").GetBoolean()));
    }

    [Fact]
    public async Task Infill_OfAModelThatCannot_IsRefused()
    {
        using var response = await fixture.Server.Client.PostAsJsonAsync("/infill", new { input_prefix = "def f(", input_suffix = "return x" });
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task PropsAndSlots_OfTheServer_TellItsContextAndPlaces()
    {
        var props = await fixture.Server.Client.GetFromJsonAsync<JsonElement>("/props");
        var models = await fixture.Server.Client.GetFromJsonAsync<JsonElement>("/v1/models");
        var contextLength = props.GetProperty("default_generation_settings").GetProperty("n_ctx").GetInt32();
        Assert.Equal(models.GetProperty("data")[0].GetProperty("max_model_len").GetInt32(), contextLength);
        Assert.Contains("<|im_start|>", props.GetProperty("chat_template").GetString(), StringComparison.Ordinal);
        var slots = await fixture.Server.Client.GetFromJsonAsync<JsonElement>("/slots");
        Assert.Equal(props.GetProperty("total_slots").GetInt32(), slots.GetArrayLength());
        Assert.All(slots.EnumerateArray(), slot => Assert.Equal(contextLength, slot.GetProperty("n_ctx").GetInt32()));
    }

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        using var response = await fixture.Server.Client.PostAsJsonAsync(path, body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
