using System.Collections.Immutable;
using System.Numerics.Tensors;
using InferenceServer.Inference;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;
using InferenceServer.Integration.Tests.Native;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Integration.Tests.Engine;

/// <summary>The real library on the embedded embedding model.</summary>
[Collection(NativeAloneCollection.Name)]
public sealed class EmbeddingEngineTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly int _liveBefore = NativeHandleCount.Live;
    private readonly EmbeddingEngine _engine = Create(RepositoryFiles.EmbeddingModel);

    public void Dispose()
    {
        _engine.Dispose();
        Assert.Equal(_liveBefore, NativeHandleCount.Live);
    }

    [Fact]
    public async Task Embed_ReferenceTexts_OneByOneAndTogetherAreTheReference()
    {
        var cases = EmbeddingCases.Read();
        Assert.Equal(10, cases.Count);
        var together = await EmbedAsync(_engine, [.. cases.Select(item => EmbedInput.FromText(item.Text))]);
        Assert.Equal(EmbedStatus.Ok, together.Status);
        for (var index = 0; index < cases.Count; index++)
        {
            var (text, tokens, reference) = cases[index];
            var alone = Assert.Single((await EmbedAsync(_engine, EmbedInput.FromText(text))).Embeddings);
            var ids = Assert.Single((await EmbedAsync(_engine, EmbedInput.FromTokens(tokens))).Embeddings);
            foreach (var embedding in new[] { alone, together.Embeddings[index], ids })
            {
                Assert.Equal(tokens.Length, embedding.NumTokens);
                Assert.InRange(TensorPrimitives.CosineSimilarity(embedding.Values.Span, reference), 0.998f, 1.0001f);
                Assert.Equal(1f, TensorPrimitives.Norm(embedding.Values.Span), 1e-5f);
            }
        }
    }

    [Fact]
    public async Task Embed_MoreThanAStepHolds_KeepsTheOrder()
    {
        var cases = EmbeddingCases.Read();
        var inputs = Enumerable.Range(0, 150).Select(index => EmbedInput.FromText(cases[index % 10].Text)).ToArray();
        var result = await EmbedAsync(_engine, inputs);
        Assert.Equal(inputs.Length, result.Embeddings.Length);
        for (var index = 0; index < inputs.Length; index++)
        {
            Assert.InRange(TensorPrimitives.CosineSimilarity(result.Embeddings[index].Values.Span, cases[index % 10].Embedding), 0.998f, 1.0001f);
        }
    }

    [Fact]
    public async Task Embed_ControlTokenInAText_StaysText()
    {
        var typed = Assert.Single((await EmbedAsync(_engine, EmbedInput.FromText("[SEP]"))).Embeddings);
        Assert.True(typed.NumTokens > 3);
    }

    [Fact]
    public async Task Embed_LongestInput_FitsAndOneTokenMoreIsTooLong()
    {
        var longest = Enumerable.Repeat(1037, 512).ToArray();
        Assert.Equal(512, Assert.Single((await EmbedAsync(_engine, EmbedInput.FromTokens(longest))).Embeddings).NumTokens);

        var result = await EmbedAsync(_engine, EmbedInput.FromText("fits"), EmbedInput.FromTokens(Enumerable.Repeat(1037, 513).ToArray()));
        Assert.Equal((EmbedStatus.InputTooLong, 1, 513), (result.Status, result.InputIndex, result.NumTokens));

        var text = string.Concat(Enumerable.Repeat("a ", 1000));
        result = await EmbedAsync(_engine, EmbedInput.FromText(text));
        Assert.Equal((EmbedStatus.InputTooLong, 0, 1002), (result.Status, result.InputIndex, result.NumTokens));
        Assert.Equal(512, Assert.Single((await EmbedAsync(_engine, EmbedInput.FromText(text) with { Truncate = true })).Embeddings).NumTokens);
    }

    [Fact]
    public async Task Embed_Pair_IsFramedAsTrained()
    {
        var pair = Assert.Single((await EmbedAsync(_engine, EmbedInput.FromPair("cat", "mat"))).Embeddings);
        Assert.Equal(5, pair.NumTokens); // [CLS] cat [SEP] mat [SEP]
    }

    [Fact]
    public async Task Embed_NoTokens_IsEmpty() =>
        Assert.Equal(EmbedStatus.InputEmpty, (await EmbedAsync(_engine, EmbedInput.FromTokens(default))).Status);

    [Theory]
    [InlineData(-1)]
    [InlineData(30_522)]
    public async Task Embed_TokenOutsideTheVocabulary_Throws(int token) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => EmbedAsync(_engine, EmbedInput.FromTokens(new[] { token })));

    [Fact]
    public async Task Embed_ManyAtOnce_AllAreAnswered()
    {
        var cases = EmbeddingCases.Read();
        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(index => EmbedAsync(_engine, EmbedInput.FromText(cases[index % 10].Text))));
        for (var index = 0; index < results.Length; index++)
        {
            Assert.InRange(TensorPrimitives.CosineSimilarity(results[index].Embeddings[0].Values.Span, cases[index % 10].Embedding), 0.998f, 1.0001f);
        }
    }

    [Fact]
    public async Task Embed_CallerLeaves_TheOthersAreAnswered()
    {
        await EmbedAsync(_engine, EmbedInput.FromText("load"));
        using var source = new CancellationTokenSource();
        var many = Enumerable.Repeat(EmbedInput.FromTokens(Enumerable.Repeat(1037, 512).ToArray()), 200).ToImmutableArray();
        var left = _engine.EmbedAsync(new EmbedRequest { Inputs = many }, source.Token).AsTask();
        var stays = EmbedAsync(_engine, EmbedInput.FromText("stays"));
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.Equal(EmbedStatus.Ok, (await stays).Status);
    }

    [Fact]
    public async Task Embed_MoreThanMayWait_IsRefused()
    {
        using var engine = Create(RepositoryFiles.EmbeddingModel, maxWaiting: 1);
        var first = EmbedAsync(engine, EmbedInput.FromText("first"));
        Assert.Equal(EmbedStatus.QueueFull, (await EmbedAsync(engine, EmbedInput.FromText("second"))).Status);
        Assert.Equal(EmbedStatus.Ok, (await first).Status);
    }

    [Fact]
    public async Task Embed_ModelThatCannotBeLoaded_SaysWhyAndIsTriedAgain()
    {
        var folder = Directory.CreateTempSubdirectory("embedding-test-");
        try
        {
            var path = Path.Combine(folder.FullName, "gone.gguf");
            File.Copy(RepositoryFiles.EmbeddingModel, path);
            using var engine = Create(path);
            File.WriteAllText(path, "This is not a model.");
            var result = await EmbedAsync(engine, EmbedInput.FromText("x"));
            Assert.Equal(EmbedStatus.Unavailable, result.Status);
            Assert.Contains("gone.gguf could not be loaded", result.Failure, StringComparison.Ordinal);

            File.Copy(RepositoryFiles.EmbeddingModel, path, overwrite: true);
            Assert.Equal(EmbedStatus.Ok, (await EmbedAsync(engine, EmbedInput.FromText("x"))).Status);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Dispose_WhileItComputes_EndsWhatWaits()
    {
        using var engine = Create(RepositoryFiles.EmbeddingModel);
        await EmbedAsync(engine, EmbedInput.FromText("load"));
        var many = EmbedAsync(engine, [.. Enumerable.Repeat(EmbedInput.FromTokens(Enumerable.Repeat(1037, 512).ToArray()), 200)]);
        engine.Dispose();
        Assert.Equal(EmbedStatus.Unavailable, (await many).Status);
        Assert.Equal(EmbedStatus.Unavailable, (await EmbedAsync(engine, EmbedInput.FromText("late"))).Status);
    }

    private static EmbeddingEngine Create(string path, int maxWaiting = 256)
    {
        var file = ModelFile.Read(path, ModelPurpose.Embedding);
        Assert.Null(file.Message);
        return new EmbeddingEngine(new InferenceOptions { MaxWaiting = maxWaiting, Device = "cpu" }, file.File!.Metadata, new DeviceTurns(), NullLoggerFactory.Instance);
    }

    private static Task<EmbedResult> EmbedAsync(EmbeddingEngine engine, params EmbedInput[] inputs) =>
        engine.EmbedAsync(new EmbedRequest { Inputs = [.. inputs] }, CancellationToken.None).AsTask().WaitAsync(Patience);
}
