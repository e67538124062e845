using System.ClientModel;
using System.Numerics.Tensors;
using InferenceServer.Testing;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>The OpenAI .NET SDK, the strictest of the clients.</summary>
[Collection(ClientCollection.Name)]
public sealed class OpenAiDotNetTests(ClientCollection.Fixture fixture)
{
    private static readonly ChatMessage[] Conversation = [new SystemChatMessage(Chats.System), new UserChatMessage(Chats.CapitalQuestion)];

    private readonly ChatClient _client = new(
        "any-model",
        new ApiKeyCredential("none"),
        new OpenAIClientOptions { Endpoint = fixture.Server.ApiAddress, NetworkTimeout = TimeSpan.FromMinutes(5) });

    [Fact]
    public async Task CompleteChat_CapitalOfFrance_NamesParis()
    {
        // A close call for this model ("La" is almost as likely as "The"): computed whole, so that no other batch's rounding decides it.
        var options = new ChatCompletionOptions { Temperature = 0 };
#pragma warning disable SCME0001 // marked as experimental by the SDK
        options.Patch.Set("$.cache_prompt"u8, value: false);
#pragma warning restore SCME0001
        var completion = (await _client.CompleteChatAsync([new SystemChatMessage(Chats.System), new UserChatMessage("What is the capital of France?")], options)).Value;

        Assert.Contains("Paris", completion.Content[0].Text, StringComparison.Ordinal);
        Assert.Equal(ChatFinishReason.Stop, completion.FinishReason);
        Assert.Equal(ChatMessageRole.Assistant, completion.Role);
        Assert.True(completion.Usage.InputTokenCount > 20);
        Assert.Equal(completion.Usage.TotalTokenCount, completion.Usage.InputTokenCount + completion.Usage.OutputTokenCount);
        Assert.Null(completion.Refusal);
    }

    [Fact]
    public async Task CompleteChatStreaming_EqualsTheWholeAnswer()
    {
        var options = new ChatCompletionOptions { Temperature = 0 };
        var whole = (await _client.CompleteChatAsync(Conversation, options)).Value;
        var (text, reason, usage) = await StreamAsync(Conversation, options);

        Assert.Equal(whole.Content[0].Text, text);
        Assert.Equal(ChatFinishReason.Stop, reason);
        Assert.Equal(whole.Usage.OutputTokenCount, usage!.OutputTokenCount);
        Assert.True(usage.InputTokenDetails.CachedTokenCount > 0);
    }

    [Fact]
    public async Task CompleteChatStreaming_EightAtOnce_AllNameParis()
    {
        var questions = new[] { Chats.CapitalQuestion, Chats.ParisQuestion };
        var streams = Enumerable.Range(0, 8).Select(i =>
            StreamAsync([new SystemChatMessage(Chats.System), new UserChatMessage(questions[i % 2])], new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 40 }));
        var answers = await Task.WhenAll(streams);

        Assert.All(answers, answer => Assert.Contains("Paris", answer.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task CompleteChat_MaxOutputTokens_EndsByLength()
    {
        var completion = (await _client.CompleteChatAsync(Conversation, new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 3 })).Value;

        Assert.Equal(ChatFinishReason.Length, completion.FinishReason);
        Assert.Equal(3, completion.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task CompleteChat_StopText_IsNotPartOfTheAnswer()
    {
        var options = new ChatCompletionOptions { Temperature = 0 };
        options.StopSequences.Add(" of Fra");
        var completion = (await _client.CompleteChatAsync(Conversation, options)).Value;

        Assert.Equal("The capital", completion.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, completion.FinishReason);
    }

    [Fact]
    public async Task CompleteChat_PromptOverTheContext_IsARequestError()
    {
        var error = await Assert.ThrowsAsync<ClientResultException>(() => _client.CompleteChatAsync([new UserChatMessage(Chats.Words(9000, 1))]));

        Assert.Equal(400, error.Status);
        Assert.Contains("context_length_exceeded", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListModels_NamesTheModel()
    {
        var models = new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = fixture.Server.ApiAddress }).GetOpenAIModelClient();
        var list = (await models.GetModelsAsync()).Value;

        Assert.Equal(["SmolLM2-135M-Instruct.Q4_1", "all-MiniLM-L6-v2.Q8_0"], list.Select(model => model.Id));
        Assert.Equal(list[0].Id, (await models.GetModelAsync(list[0].Id)).Value.Id);
        Assert.Equal(list[1].Id, (await models.GetModelAsync(list[1].Id)).Value.Id);
    }

    [Fact]
    public async Task GenerateEmbeddings_ReferenceTexts_AreTheReference()
    {
        var cases = EmbeddingCases.Read();
        var client = new EmbeddingClient("any-model", new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = fixture.Server.ApiAddress });
        var embeddings = (await client.GenerateEmbeddingsAsync(cases.Select(item => item.Text))).Value;

        Assert.Equal(cases.Sum(item => item.Tokens.Length), embeddings.Usage.InputTokenCount);
        for (var index = 0; index < cases.Count; index++)
        {
            Assert.Equal(index, embeddings[index].Index);
            Assert.InRange(TensorPrimitives.CosineSimilarity(embeddings[index].ToFloats().Span, cases[index].Embedding), 0.998f, 1.0001f);
        }

        var shortened = (await client.GenerateEmbeddingAsync(cases[0].Text, new EmbeddingGenerationOptions { Dimensions = 64 })).Value.ToFloats();
        Assert.Equal(64, shortened.Length);
        Assert.Equal(1f, TensorPrimitives.Norm(shortened.Span), 1e-5f);

        var error = await Assert.ThrowsAsync<ClientResultException>(() => client.GenerateEmbeddingAsync(Chats.Words(2000, 1)));
        Assert.Equal(400, error.Status);
        Assert.Contains("context_length_exceeded", error.Message, StringComparison.Ordinal);
    }

    private async Task<(string Text, ChatFinishReason? Reason, ChatTokenUsage? Usage)> StreamAsync(ChatMessage[] messages, ChatCompletionOptions options)
    {
        var text = "";
        ChatFinishReason? reason = null;
        ChatTokenUsage? usage = null;
        await foreach (var update in _client.CompleteChatStreamingAsync(messages, options))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            reason = update.FinishReason ?? reason;
            usage = update.Usage ?? usage;
        }

        return (text, reason, usage);
    }
}
