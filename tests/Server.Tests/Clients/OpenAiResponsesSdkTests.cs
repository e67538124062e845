// The whole client for responses is marked as experimental.
#pragma warning disable OPENAI001
using System.ClientModel;
using System.ClientModel.Primitives;
using InferenceServer.Testing;
using OpenAI.Responses;

namespace InferenceServer.Server.Tests.Clients;

/// <summary>The OpenAI .NET SDK, which forgives least, as the judge of our shapes of responses.</summary>
public sealed class OpenAiResponsesSdkTests
{
    private static readonly string[] ThoughtTextAndCall =
    [
        "<think>", "\n", "One city.", "\n", "</think>", "\n\n", "Let me", " look.", "\n", "<tool_call>", "\n", "{\"name\": \"get_weather\", \"arguments\": {\"city\": ", "\"Oslo\"}}", "\n", "</tool_call>",
    ];

    [Fact]
    public async Task CreateResponse_ThoughtTextAndCall_IsReadWholeAndTakenAgain()
    {
        await using var app = await StartAsync();
        ResponseResult response = await Client(app).CreateResponseAsync(Options());
        Assert.Equal(ResponseStatus.Completed, response.Status);
        Assert.Equal(FixedClock.Now, response.CreatedAt);
        Assert.Equal("Let me look.", response.GetOutputText());
        Assert.IsType<ReasoningResponseItem>(response.OutputItems[0]);
        Assert.IsAssignableFrom<MessageResponseItem>(response.OutputItems[1]);
        var call = Assert.IsType<FunctionCallResponseItem>(response.OutputItems[^1]);
        Assert.Equal(("get_weather", "{\"city\": \"Oslo\"}"), (call.FunctionName, call.FunctionArguments.ToString()));
        Assert.Equal(4, response.Usage.InputTokenDetails.CachedTokenCount);
        Assert.True(response.Usage.OutputTokenDetails.ReasoningTokenCount > 0);

        // Without a store: everything goes back, with the call's output.
        var next = Options();
        foreach (var item in response.OutputItems)
        {
            next.InputItems.Add(item);
        }

        next.InputItems.Add(ResponseItem.CreateFunctionCallOutputItem(call.CallId, "sunny"));
        await Client(app).CreateResponseAsync(next);
        Assert.Contains("sunny", app.Engine.LastPrompt!.ToString(), StringComparison.Ordinal);

        // With it: only what is new.
        next = Options();
        next.InputItems.Clear();
        next.PreviousResponseId = response.Id;
        next.InputItems.Add(ResponseItem.CreateFunctionCallOutputItem(call.CallId, "rainy"));
        await Client(app).CreateResponseAsync(next);
        Assert.Contains("\"Oslo\"", app.Engine.LastPrompt!.ToString(), StringComparison.Ordinal);
        Assert.Contains("rainy", app.Engine.LastPrompt!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CreateResponseStreaming_Updates_AreAllKnownAndInOrder()
    {
        await using var app = await StartAsync();
        var options = Options();
        options.StreamingEnabled = true;
        var updates = new List<StreamingResponseUpdate>();
        await foreach (var update in await Client(app).CreateResponseStreamingAsync(options))
        {
            updates.Add(update);
        }

        Assert.Equal(Enumerable.Range(0, updates.Count), updates.Select(update => update.SequenceNumber));
        Assert.DoesNotContain(updates, update => update.GetType().Name.StartsWith("Unknown", StringComparison.Ordinal));
        Assert.IsType<StreamingResponseCreatedUpdate>(updates[0]);
        Assert.IsType<StreamingResponseInProgressUpdate>(updates[1]);
        Assert.Equal("Let me look.", string.Concat(updates.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(update => update.Delta)));
        Assert.Equal("{\"city\": \"Oslo\"}", string.Concat(updates.OfType<StreamingResponseFunctionCallArgumentsDeltaUpdate>().Select(update => update.Delta)));
        var whole = Assert.IsType<StreamingResponseCompletedUpdate>(updates[^1]).Response;
        Assert.Equal(whole.OutputItems.Select(item => item.Id), updates.OfType<StreamingResponseOutputItemDoneUpdate>().Select(update => update.Item.Id));
    }

    [Fact]
    public async Task Background_StreamThatBrokeOff_GoesOn()
    {
        await using var app = await StartAsync();
        var options = Options();
        options.StreamingEnabled = true;
        options.BackgroundModeEnabled = true;
        string? id = null;
        var seen = new List<StreamingResponseUpdate>();
        await foreach (var update in await Client(app).CreateResponseStreamingAsync(options))
        {
            seen.Add(update);
            id ??= (update as StreamingResponseCreatedUpdate)?.Response.Id;
            if (seen.Count == 5)
            {
                break;
            }
        }

        Assert.IsType<StreamingResponseQueuedUpdate>(seen[1]);
        await foreach (var update in await Client(app).GetResponseStreamingAsync(new GetResponseOptions(id) { StreamingEnabled = true, StartingAfter = seen[^1].SequenceNumber }))
        {
            seen.Add(update);
        }

        Assert.Equal(Enumerable.Range(0, seen.Count), seen.Select(update => update.SequenceNumber));
        Assert.IsType<StreamingResponseCompletedUpdate>(seen[^1]);
    }

    [Fact]
    public async Task StoredResponse_RetrievedListedAndDeleted_IsReadAsWell()
    {
        await using var app = await StartAsync();
        var client = Client(app);
        ResponseResult response = await client.CreateResponseAsync(Options());
        Assert.Equal(response.GetOutputText(), (await client.GetResponseAsync(response.Id)).Value.GetOutputText());
        var items = new List<ResponseItem>();
        await foreach (var item in client.GetResponseInputItemsAsync(response.Id))
        {
            items.Add(item);
        }

        Assert.Equal("Weather in Oslo?", Assert.IsAssignableFrom<MessageResponseItem>(Assert.Single(items)).Content[0].Text);
        Assert.True((await client.DeleteResponseAsync(response.Id)).Value.Deleted);
        var error = await Assert.ThrowsAsync<ClientResultException>(() => client.GetResponseAsync(response.Id));
        Assert.Equal(404, error.Status);
    }

    private static Task<TestApp> StartAsync() => TestApp.StartAsync(
        new FakeEngine { NumCachedTokens = 4, Reply = ThoughtTextAndCall }, ("Inference:ChatTemplate", ReferenceTemplates.FileOf("Qwen-Qwen3-0.6B")));

    private static CreateResponseOptions Options() => new()
    {
        Model = "any",
        Instructions = "Be brief.",
        Temperature = 0,
        MaxOutputTokenCount = 100,
        InputItems = { ResponseItem.CreateUserMessageItem("Weather in Oslo?") },
        Tools =
        {
            ResponseTool.CreateFunctionTool(
                "get_weather", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""), strictModeEnabled: false, "Weather of a city."),
        },
    };

    private static ResponsesClient Client(TestApp app) => new(
        new ApiKeyCredential("none"), new ResponsesClientOptions { Endpoint = new Uri(app.Address + "/v1"), RetryPolicy = new ClientRetryPolicy(maxRetries: 0) });
}
