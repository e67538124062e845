// The whole client for responses is marked as experimental.
#pragma warning disable OPENAI001
using System.ClientModel;
using System.Net.Http.Json;
using System.Text.Json;
using OpenAI.Responses;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>Responses with state over the embedded model: the OpenAI .NET SDK, and raw HTTP where it has no way to say it.</summary>
[Collection(ClientCollection.Name)]
public sealed class ResponsesTests(ClientCollection.Fixture fixture)
{
    private readonly ResponsesClient _client = new(
        new ApiKeyCredential("none"), new ResponsesClientOptions { Endpoint = fixture.Server.ApiAddress, NetworkTimeout = TimeSpan.FromMinutes(5) });

    [Fact]
    public async Task FollowUp_OfStoredConversation_PaysOnlyForWhatIsNew()
    {
        // Words of its own: nothing of it is in the cache before.
        var words = Chats.Words(150, 4242);
        ResponseResult first = await _client.CreateResponseAsync(Options($"Remember these words: {words}. Name the capital of France."));
        ResponseResult second = await _client.CreateResponseAsync(Options("Thank you. And where is Paris?", previous: first.Id));
        ResponseResult third = await _client.CreateResponseAsync(Options("Are you sure?", previous: second.Id));

        // All that was computed: the prompt and the answer but its last token, which nothing followed.
        Assert.True(first.Usage.InputTokenCount > 150);
        AssertPaid(first, second);
        AssertPaid(second, third);

        static void AssertPaid(ResponseResult before, ResponseResult after)
        {
            var known = before.Usage.InputTokenCount + before.Usage.OutputTokenCount - 1;
            Assert.InRange(after.Usage.InputTokenDetails.CachedTokenCount, known - 1, after.Usage.InputTokenCount - 1);
            Assert.InRange(after.Usage.InputTokenCount - after.Usage.InputTokenDetails.CachedTokenCount, 1, 40);
        }
    }

    [Fact]
    public async Task Stream_Joined_IsTheWholeAnswer()
    {
        ResponseResult whole = await _client.CreateResponseAsync(Options(Chats.CapitalQuestion));
        Assert.Contains("Paris", whole.GetOutputText(), StringComparison.Ordinal);
        var options = Options(Chats.CapitalQuestion);
        options.StreamingEnabled = true;
        var updates = new List<StreamingResponseUpdate>();
        await foreach (var update in await _client.CreateResponseStreamingAsync(options))
        {
            updates.Add(update);
        }

        Assert.Equal(Enumerable.Range(0, updates.Count), updates.Select(update => update.SequenceNumber));
        Assert.Equal(whole.GetOutputText(), string.Concat(updates.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(update => update.Delta)));
        var completed = Assert.IsType<StreamingResponseCompletedUpdate>(updates[^1]).Response;
        Assert.Equal(whole.GetOutputText(), completed.GetOutputText());
        Assert.Equal(whole.Usage.OutputTokenCount, completed.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task Background_ClientLost_GoesOnAndIsReadFromWhereItBrokeOff()
    {
        var options = Options("Count to twenty.", maxTokens: 60);
        options.StreamingEnabled = true;
        options.BackgroundModeEnabled = true;
        var seen = new List<StreamingResponseUpdate>();
        await foreach (var update in await _client.CreateResponseStreamingAsync(options))
        {
            seen.Add(update);
            if (seen.Count == 12)
            {
                break; // closes the connection
            }
        }

        var id = Assert.IsType<StreamingResponseCreatedUpdate>(seen[0]).Response.Id;
        await foreach (var update in await _client.GetResponseStreamingAsync(new GetResponseOptions(id) { StreamingEnabled = true, StartingAfter = seen[^1].SequenceNumber }))
        {
            seen.Add(update);
        }

        Assert.Equal(Enumerable.Range(0, seen.Count), seen.Select(update => update.SequenceNumber));
        ResponseResult ended = await _client.GetResponseAsync(id);
        Assert.Equal(ended.GetOutputText(), string.Concat(seen.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(update => update.Delta)));
    }

    [Fact]
    public async Task Background_Cancelled_IsOverAtOnce()
    {
        using var created = await fixture.Server.Client.PostAsJsonAsync(
            "/v1/responses", new { input = "Tell me a very long story.", background = true, max_output_tokens = 4000, ignore_eos = true });
        var id = (await created.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        while (fixture.Server.Stats.NumRunning == 0)
        {
            await Task.Delay(5);
        }

        ResponseResult cancelled = await _client.CancelResponseAsync(id);
        Assert.Equal(ResponseStatus.Cancelled, cancelled.Status);
        await fixture.Server.WaitUntilIdleAsync();
        Assert.Equal(ResponseStatus.Cancelled, (await _client.GetResponseAsync(id)).Value.Status);
    }

    [Fact]
    public async Task InputTokens_OfRequest_AreWhatItsResponseCounts()
    {
        var first = await PostAsync("/v1/responses", new { input = Chats.CapitalQuestion, instructions = Chats.System, temperature = 0 });
        var next = new { input = Chats.ParisQuestion, instructions = Chats.System, previous_response_id = first.GetProperty("id").GetString(), temperature = 0 };
        var counted = await PostAsync("/v1/responses/input_tokens", next);
        var answered = await PostAsync("/v1/responses", next);
        Assert.Equal(answered.GetProperty("usage").GetProperty("input_tokens").GetInt32(), counted.GetProperty("input_tokens").GetInt32());
    }

    private static CreateResponseOptions Options(string text, string? previous = null, int maxTokens = 40) => new()
    {
        Model = "any",
        Instructions = Chats.System,
        PreviousResponseId = previous,
        Temperature = 0,
        MaxOutputTokenCount = maxTokens,
        InputItems = { ResponseItem.CreateUserMessageItem(text) },
    };

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        using var response = await fixture.Server.Client.PostAsJsonAsync(path, body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
