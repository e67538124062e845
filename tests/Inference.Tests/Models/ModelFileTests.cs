using InferenceServer.Inference.Models;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Models;

public sealed class ModelFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("model-file-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Read_EmbeddedChatModel_DescribesIt()
    {
        var result = ModelFile.Read(RepositoryFiles.ChatModel);

        Assert.Null(result.Message);
        Assert.Equal(ModelFileError.None, result.Error);
        Assert.True(result.IsUsable);
        var metadata = result.File.Metadata;
        Assert.Equal(RepositoryFiles.ChatModel, metadata.Path);
        Assert.Equal("Smollm2 135M 8k Lc100K Mix1 Ep2", metadata.Name);
        Assert.Equal("llama", metadata.Architecture);
        Assert.Equal(8_192, metadata.ContextLength);
        Assert.Equal(576, metadata.EmbeddingLength);
        Assert.Equal(30, metadata.BlockCount);
        Assert.Equal(49_152, metadata.VocabularySize);
        Assert.Equal(134_515_008, metadata.ParameterCount);
        Assert.Equal(new FileInfo(RepositoryFiles.ChatModel).Length, metadata.FileSize);
        Assert.Equal("Q4_1", metadata.Quantization);
        Assert.StartsWith("{% for message in messages %}", metadata.ChatTemplate, StringComparison.Ordinal);
        Assert.Equal("<|im_start|>", metadata.BosToken);
        Assert.Equal("<|im_end|>", metadata.EosToken);
        Assert.Equal(new SamplingDefaults(), metadata.Sampling);
        Assert.Equal([RepositoryFiles.ChatModel], result.File.Paths);
        Assert.Equal(272, result.File.Tensors.Count);
        var embedding = Assert.Single(result.File.Tensors, tensor => tensor.Name == "token_embd.weight");
        Assert.Equal([576, 49_152], embedding.Dimensions);
        Assert.Equal(576L * 49_152, embedding.NumElements);
    }

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("phi-3")]
    [InlineData("qwen2")]
    public void Read_VocabularyWithoutWeights_SaysSo(string name)
    {
        var path = RepositoryFiles.Data("vocabularies", name + ".gguf");
        var result = ModelFile.Read(path);
        Assert.Equal(ModelFileError.NoWeights, result.Error);
        Assert.Equal($"{path} holds a vocabulary and no weights.", result.Message);
    }

    [Fact]
    public void Read_EachTinyArchitecture_IsUsable()
    {
        foreach (var architecture in Enum.GetValues<TinyArchitecture>())
        {
            var model = TinyModel.Create(new TinyModelOptions { Architecture = architecture, ContextLength = 777, Name = "A name" });
            var metadata = Use(model);
            Assert.Equal(777, metadata.ContextLength);
            Assert.Equal("A name", metadata.Name);
            Assert.Equal(TinyModel.VocabularySize, metadata.VocabularySize);
            Assert.Equal("<s>", metadata.BosToken);
            Assert.Equal("</s>", metadata.EosToken);
            Assert.Equal("F32", metadata.Quantization);
            Assert.Equal(TinyModel.ChatMl, metadata.ChatTemplate);
            Assert.Equal(model.Tensors.Sum(tensor => tensor.Data.Length / 4), metadata.ParameterCount);
        }
    }

    [Fact]
    public void Read_OptionalKeysMissing_LeavesThemOut()
    {
        var model = TinyModel.Create(new TinyModelOptions { ChatTemplate = null })
            .Remove("general.name").Remove("general.file_type").Remove("tokenizer.ggml.bos_token_id").Set("tokenizer.ggml.eos_token_id", 99_999u);
        var metadata = Use(model);
        Assert.Equal("model", metadata.Name);
        Assert.Null(metadata.Quantization);
        Assert.Null(metadata.ChatTemplate);
        Assert.Null(metadata.BosToken);
        Assert.Null(metadata.EosToken);
    }

    [Fact]
    public void Read_SentencePieceWithoutSpecialTokens_TakesTheLibrarysDefaults()
    {
        string[] tokens = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), "\u2581the"];
        var metadata = Use(TinyModel.Create(new TinyModelOptions()).Set("tokenizer.ggml.model", "llama").Set("tokenizer.ggml.tokens", tokens)
            .Remove("tokenizer.ggml.bos_token_id").Remove("tokenizer.ggml.eos_token_id"));
        Assert.Equal("<s>", metadata.BosToken);
        Assert.Equal("</s>", metadata.EosToken);
    }

    [Fact]
    public void Read_SamplingKeys_BecomeDefaultsIfTheyCanBe()
    {
        var model = TinyModel.Create(new TinyModelOptions())
            .Set("general.sampling.temp", 0.6f).Set("general.sampling.top_p", 0.95f).Set("general.sampling.top_k", 20)
            .Set("general.sampling.min_p", 0f).Set("general.sampling.penalty_repeat", 1.1f).Set("general.sampling.penalty_last_n", -1);
        var expected = new SamplingDefaults { Temperature = 0.6f, TopP = 0.95f, TopK = 20, MinP = 0f, RepeatPenalty = 1.1f, RepeatLastN = -1 };
        Assert.Equal(expected, Use(model).Sampling);

        model.Set("general.sampling.temp", float.NaN).Set("general.sampling.top_p", 1.5f).Set("general.sampling.top_k", -3)
            .Set("general.sampling.min_p", "much").Set("general.sampling.penalty_repeat", 0f).Set("general.sampling.penalty_last_n", -2);
        Assert.Equal(new SamplingDefaults(), Use(model).Sampling);
    }

    [Fact]
    public void Read_LongChatTemplate_ComesOutWhole()
    {
        var template = string.Concat(Enumerable.Range(0, 30_000).Select(i => $"{i} ß "));
        Assert.Equal(template, Use(TinyModel.Create(new TinyModelOptions { ChatTemplate = template })).ChatTemplate);
    }

    [Fact]
    public void Read_Version2_IsUsable()
    {
        var model = TinyModel.Create(new TinyModelOptions());
        model.Version = 2;
        Use(model);
    }

    [Fact]
    public void Read_Missing_SaysSo()
    {
        var path = Path.Combine(_folder.FullName, "none.gguf");
        AssertFailed(ModelFileError.NotFound, $"{path} does not exist.", ModelFile.Read(path));
        AssertFailed(ModelFileError.NotFound, $"{path}/below.gguf does not exist.", ModelFile.Read(path + "/below.gguf"));
        AssertFailed(ModelFileError.NotFound, " is no path.", ModelFile.Read(""));
        Assert.Equal(ModelFileError.NotFound, ModelFile.Read("nul\0byte").Error);
    }

    [Fact]
    public void Read_RelativePath_IsMadeFull()
    {
        var path = Path.Combine(_folder.FullName, "model.gguf");
        TinyModel.WriteTo(path, new TinyModelOptions());
        var result = ModelFile.Read(Path.GetRelativePath(Environment.CurrentDirectory, path));
        Assert.Equal(path, result.File!.Metadata.Path);
    }

    [Fact]
    public void Read_Directory_SaysSo() =>
        AssertFailed(ModelFileError.IsDirectory, $"{_folder.FullName} is a directory; name a .gguf file in it.", ModelFile.Read(_folder.FullName));

    [SkippableFact]
    public void Read_FileWithoutPermission_SaysSo()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no file modes.");
        Skip.If(Environment.IsPrivilegedProcess, "The superuser may read everything.");
        var path = Path.Combine(_folder.FullName, "secret.gguf");
        TinyModel.WriteTo(path, new TinyModelOptions());
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.None);
        }

        AssertFailed(ModelFileError.NoPermission, $"{path} may not be read by this user.", ModelFile.Read(path));
    }

    [Fact]
    public void Read_AccessDenied_SaysSo()
    {
        var path = Path.Combine(_folder.FullName, "secret.gguf");
        AssertFailed(
            ModelFileError.NoPermission, $"{path} may not be read by this user.", ModelFile.Read(path, _ => throw new UnauthorizedAccessException()));
    }

    [Fact]
    public void Read_DiskFails_SaysWhatTheSystemSaid()
    {
        var path = Path.Combine(_folder.FullName, "broken.gguf");
        AssertFailed(
            ModelFileError.Unreadable, $"{path} could not be read: Input/output error.", ModelFile.Read(path, _ => throw new IOException("Input/output error")));
    }

    [Fact]
    public void Read_EmptyFile_SaysSo()
    {
        var path = Path.Combine(_folder.FullName, "empty.gguf");
        File.WriteAllBytes(path, []);
        AssertFailed(ModelFileError.Truncated, $"{path} is empty.", ModelFile.Read(path));
    }

    [SkippableFact]
    public void Read_Device_DoesNotHang()
    {
        Skip.IfNot(File.Exists("/dev/zero"), "This system has no /dev/zero.");
        Assert.Equal(ModelFileError.Truncated, ModelFile.Read("/dev/zero").Error);
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1", "Git LFS pointer")]
    [InlineData("<!DOCTYPE html>", "web page")]
    [InlineData("PK\u0003\u0004 and more", "PyTorch")]
    [InlineData("tjgg and more", "before GGUF")]
    [InlineData("RIFF and more", "52494646")]
    public void Read_AnotherKindOfFile_SaysWhatItLooksLike(string content, string hint)
    {
        var path = Path.Combine(_folder.FullName, "model.gguf");
        File.WriteAllText(path, content);
        var result = ModelFile.Read(path);
        Assert.Equal(ModelFileError.NotGguf, result.Error);
        Assert.Contains(hint, result.Message, StringComparison.Ordinal);
    }

    private static void AssertFailed(ModelFileError error, string message, ModelFileResult result)
    {
        Assert.Equal(message, result.Message);
        Assert.Equal(error, result.Error);
        Assert.False(result.IsUsable);
    }

    private ModelMetadata Use(GgufWriter model)
    {
        var path = Path.Combine(_folder.FullName, "model.gguf");
        model.WriteTo(path);
        var result = ModelFile.Read(path);
        Assert.Null(result.Message);
        return result.File!.Metadata;
    }
}
