using System.ClientModel;
using System.ClientModel.Primitives;
using InferenceServer.Testing;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;

namespace InferenceServer.Server.Tests.Clients;

/// <summary>The OpenAI .NET SDK, which forgives least, as the judge of our shapes.</summary>
public sealed class OpenAiSdkTests
{
    [Fact]
    public async Task CompleteChat_Answer_IsReadWhole()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { NumCachedTokens = 4 });
        var options = new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 50, EndUserId = "me", StopSequences = { "never" } };
        ChatCompletion completion = await Chat(app).CompleteChatAsync([new SystemChatMessage("Be brief."), new UserChatMessage("Where?")], options);
        Assert.Equal("The capital is Paris.", completion.Content.Single().Text);
        Assert.Equal(ChatFinishReason.Stop, completion.FinishReason);
        Assert.Equal(ChatMessageRole.Assistant, completion.Role);
        Assert.Equal("tiny-chat", completion.Model);
        Assert.Equal(6, completion.Usage.OutputTokenCount);
        Assert.Equal(4, completion.Usage.InputTokenDetails.CachedTokenCount);
        Assert.Equal(FixedClock.Now, completion.CreatedAt);
        Assert.Empty(completion.ToolCalls);
        Assert.Null(completion.Refusal);
    }

    [Fact]
    public async Task CompleteChat_WithItsOwnAnswerAsHistory_IsTakenAgain()
    {
        await using var app = await TestApp.StartAsync();
        var chat = Chat(app);
        ChatCompletion first = await chat.CompleteChatAsync(new UserChatMessage("Where?"));
        ChatCompletion second = await chat.CompleteChatAsync(new UserChatMessage("Where?"), new AssistantChatMessage(first), new UserChatMessage("Sure?"));
        Assert.Equal(first.Content.Single().Text, second.Content.Single().Text);
        Assert.Contains("The capital is Paris.", app.Engine.LastPrompt!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CompleteChatStreaming_Updates_AreTheAnswer()
    {
        await using var app = await TestApp.StartAsync();
        var updates = new List<StreamingChatCompletionUpdate>();
        await foreach (var update in Chat(app).CompleteChatStreamingAsync(new UserChatMessage("Where?")))
        {
            updates.Add(update);
        }

        Assert.Equal("The capital is Paris.", string.Concat(updates.SelectMany(update => update.ContentUpdate).Select(part => part.Text)));
        Assert.Equal(ChatFinishReason.Stop, Assert.Single(updates, update => update.FinishReason is not null).FinishReason);
        Assert.Equal(ChatMessageRole.Assistant, Assert.Single(updates, update => update.Role is not null).Role);
        Assert.Equal(6, Assert.Single(updates, update => update.Usage is not null).Usage.OutputTokenCount);
        Assert.Single(updates.Select(update => update.CompletionId).Distinct());
    }

    [Fact]
    public async Task CompleteChat_PromptTooLong_IsTheErrorThatCallersLookFor()
    {
        await using var app = await TestApp.StartAsync();
        var chat = Chat(app);
        var error = await Assert.ThrowsAsync<ClientResultException>(() => chat.CompleteChatAsync(new UserChatMessage(new string('x', TestApp.ContextLength))));
        Assert.Equal(400, error.Status);
        Assert.Contains("context_length_exceeded", error.Message, StringComparison.Ordinal);
        Assert.Contains("maximum context length", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetModels_List_NamesTheModel()
    {
        await using var app = await TestApp.StartAsync(("Server:Alias", "org/tiny"), ("Server:ApiKey", "secret"));
        var models = new OpenAIModelClient(new ApiKeyCredential("secret"), Options(app));
        Assert.Equal("org/tiny", (await models.GetModelsAsync()).Value[0].Id);
        Assert.Equal("org/tiny", (await models.GetModelAsync("org/tiny")).Value.Id);
    }

    private static ChatClient Chat(TestApp app) => new("any-name", new ApiKeyCredential("none"), Options(app));

    private static OpenAIClientOptions Options(TestApp app) => new()
    {
        Endpoint = new Uri(app.Address + "/v1"),
        RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
    };
}
