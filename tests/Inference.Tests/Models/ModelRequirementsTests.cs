using InferenceServer.Inference.Models;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Models;

public sealed class ModelRequirementsTests
{
    private readonly GgufWriter _model = TinyModel.Create(new TinyModelOptions());

    [Theory]
    [InlineData("general.architecture")]
    [InlineData("llama.context_length")]
    [InlineData("llama.embedding_length")]
    [InlineData("llama.block_count")]
    [InlineData("tokenizer.ggml.model")]
    [InlineData("tokenizer.ggml.tokens")]
    public void Check_RequiredKeyMissing_NamesIt(string key) =>
        AssertFails(ModelFileError.MissingKey, $"lacks the key {key}", _model.Remove(key));

    [Theory]
    [InlineData("general.architecture")]
    [InlineData("llama.context_length")]
    [InlineData("llama.embedding_length")]
    [InlineData("llama.block_count")]
    [InlineData("tokenizer.ggml.model")]
    [InlineData("tokenizer.ggml.tokens")]
    public void Check_RequiredKeyOfWrongType_NamesIt(string key)
    {
        AssertFails(ModelFileError.Malformed, $"has the key {key}, but it is not", _model.Set(key, 1f));
        AssertFails(ModelFileError.Malformed, $"has the key {key}, but it is not", _model.Set(key, new[] { 1u }));
    }

    [Theory]
    [InlineData("llama.context_length", 0u)]
    [InlineData("llama.context_length", uint.MaxValue)]
    [InlineData("llama.embedding_length", 0u)]
    [InlineData("llama.block_count", 0u)]
    [InlineData("llama.block_count", 513u)]
    public void Check_ImpossibleNumber_NamesItsKey(string key, uint value) =>
        AssertFails(ModelFileError.Malformed, $"has {value} as {key}", _model.Set(key, value));

    [Fact]
    public void Check_NoTokens_IsMalformed() =>
        AssertFails(ModelFileError.Malformed, "tokenizer.ggml.tokens", _model.Set("tokenizer.ggml.tokens", Array.Empty<string>()));

    [Fact]
    public void Check_TokenTwice_NamesIt()
    {
        var tokens = Enumerable.Range(0, 1_000).Select(i => $"token {i}").ToArray();
        tokens[777] = tokens[5];
        AssertFails(ModelFileError.Malformed, "has the token 'token 5' twice, the second time at 777", _model.Set("tokenizer.ggml.tokens", tokens));
    }

    [Fact]
    public void Check_SentencePieceWithoutATokenForEachByte_IsMalformed()
    {
        var bytes = Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>");
        _model.Set("tokenizer.ggml.model", "llama");
        AssertFails(
            ModelFileError.Malformed, "without a token for the byte 0x41", _model.Set("tokenizer.ggml.tokens", bytes.Where(token => token != "<0x41>").ToArray()));
        Assert.Equal(ModelFileError.None, Read(_model.Set("tokenizer.ggml.tokens", bytes.Select(token => token == "<0x41>" ? "A" : token).ToArray())).Error);
    }

    [Fact]
    public void Check_EmptyTokens_MayRepeat()
    {
        var tokens = Enumerable.Range(0, 300).Select(i => i % 3 == 0 ? "" : $"token {i}").ToArray();
        Assert.Equal(ModelFileError.None, Read(_model.Set("tokenizer.ggml.tokens", tokens)).Error);
    }

    [Theory]
    [InlineData("quantum-llama")]
    [InlineData("gptj")]
    [InlineData("t5")]
    [InlineData("(unknown)")]
    public void Check_UnknownArchitecture_NamesIt(string architecture) =>
        AssertFails(
            ModelFileError.UnsupportedArchitecture, $"is of architecture '{architecture}'", _model.Set("general.architecture", architecture));

    [Fact]
    public void Check_ArchitectureOfControlCharacters_StaysOnOneLine()
    {
        var result = Read(_model.Set("general.architecture", "evil\r\n\u001b[31m" + new string('x', 500)));
        Assert.Equal(ModelFileError.UnsupportedArchitecture, result.Error);
        Assert.DoesNotContain(result.Message!, char.IsControl);
        Assert.InRange(result.Message!.Length, 1, 300);
    }

    [Theory]
    [InlineData("bert", "an embedding model")]
    [InlineData("nomic-bert", "an embedding model")]
    [InlineData("clip", "a projector")]
    [InlineData("eagle3", "a draft head")]
    [InlineData("llada", "a diffusion model")]
    public void Check_ArchitectureThatDoesNotGenerate_SaysWhatItIs(string architecture, string kind) =>
        AssertFails(ModelFileError.NotGenerative, $"is {kind}", _model.Set("general.architecture", architecture));

    [Theory]
    [InlineData("adapter", "an adapter (LoRA)")]
    [InlineData("imatrix", "an importance matrix")]
    [InlineData("mmproj", "a projector")]
    public void Check_TypeThatIsNoModel_SaysWhatItIs(string type, string kind) =>
        AssertFails(ModelFileError.NotGenerative, $"is {kind}", _model.Set("general.type", type).Remove("general.architecture"));

    [Fact]
    public void Check_EmbeddingModelOfAGenerativeArchitecture_IsRefused()
    {
        AssertFails(ModelFileError.NotGenerative, "is an embedding model", _model.Set("llama.pooling_type", 3u));
        AssertFails(ModelFileError.NotGenerative, "is an embedding model", _model.Remove("llama.pooling_type").Set("llama.attention.causal", false));
        Assert.Equal(ModelFileError.None, Read(_model.Set("llama.attention.causal", true).Set("llama.pooling_type", 0u)).Error);
    }

    [Fact]
    public void Check_ForEmbedding_TakesEmbeddingModelsOnly()
    {
        AssertFails(ModelFileError.NotEmbedding, "is a model that generates text, not an embedding model", _model, ModelPurpose.Embedding);
        AssertFails(ModelFileError.NotEmbedding, "is a projector", TinyModel.Create(new TinyModelOptions()).Set("general.architecture", "clip"), ModelPurpose.Embedding);
        Assert.Equal(ModelFileError.None, Read(_model.Set("llama.pooling_type", 3u), ModelPurpose.Embedding).Error);
    }

    [Theory]
    [InlineData(0u, PoolingKind.Mean)]
    [InlineData(1u, PoolingKind.Mean)]
    [InlineData(2u, PoolingKind.First)]
    [InlineData(3u, PoolingKind.Last)]
    public void Check_Pooling_IsRead(uint pooling, PoolingKind kind)
    {
        var metadata = Read(_model.Set("llama.attention.causal", false).Set("llama.pooling_type", pooling), ModelPurpose.Embedding).File!.Metadata;
        var embedding = metadata.Embedding!;
        Assert.Equal(kind, embedding.Pooling);
        Assert.False(embedding.IsReranker);
        Assert.Equal((2048, metadata.EmbeddingLength), (embedding.MaxInputTokens, embedding.Dimensions));
    }

    [Fact]
    public void Check_PoolingThatTheLibraryAbortsOn_IsMalformed() =>
        AssertFails(ModelFileError.Malformed, "has the unknown pooling type 5", _model.Set("llama.pooling_type", 5u), ModelPurpose.Embedding);

    [Fact]
    public void Check_RerankerWithoutClassifier_IsMalformed()
    {
        AssertFails(ModelFileError.Malformed, "lacks the tensor cls.output.weight", _model.Set("llama.pooling_type", 4u), ModelPurpose.Embedding);
        _model.Add(new GgufTensor("cls.output.weight", 0, [2, 1], new byte[8])).Set("tokenizer.chat_template.rerank", "{query}{document}");
        var embedding = Read(_model, ModelPurpose.Embedding).File!.Metadata.Embedding!;
        Assert.True(embedding.IsReranker);
        Assert.Equal("{query}{document}", embedding.RerankTemplate);
    }

    [Fact]
    public void Check_EmbeddedEmbeddingModel_IsDescribed()
    {
        var metadata = ModelFile.Read(RepositoryFiles.EmbeddingModel, ModelPurpose.Embedding).File!.Metadata;
        Assert.Equal(new EmbeddingMetadata { Pooling = PoolingKind.Mean, Dimensions = 384, MaxInputTokens = 512 }, metadata.Embedding);
        Assert.Equal("bert", metadata.Architecture);
        Assert.Equal(ModelFileError.NotGenerative, ModelFile.Read(RepositoryFiles.EmbeddingModel).Error);
    }

    private static ModelFileResult Read(GgufWriter model, ModelPurpose purpose = ModelPurpose.Generation)
    {
        var bytes = model.ToArray();
        return ModelFile.Read("tiny.gguf", _ => new MemoryStream(bytes), purpose);
    }

    private static void AssertFails(ModelFileError error, string message, GgufWriter model, ModelPurpose purpose = ModelPurpose.Generation)
    {
        var result = Read(model, purpose);
        Assert.Contains(message, result.Message, StringComparison.Ordinal);
        Assert.Equal(error, result.Error);
    }
}
