using System.Numerics.Tensors;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;
using InferenceServer.Integration.Tests.Native;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Models;

[Collection(NativeCollection.Name)]
public sealed class TinyModelTests : IDisposable
{
    private const int NumTokens = 8;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tiny-model-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData((int)TinyArchitecture.Llama)]
    [InlineData((int)TinyArchitecture.SlidingWindow)]
    [InlineData((int)TinyArchitecture.Recurrent)]
    public void TinyModel_EachArchitecture_LoadsAndDecodes(int architecture)
    {
        var options = new TinyModelOptions { Architecture = (TinyArchitecture)architecture };
        var path = Path.Combine(_folder.FullName, "tiny.gguf");
        TinyModel.WriteTo(path, options);
        using var model = Load(path);

        var first = Generate(model, seedToken: 'a');

        Assert.Equal(first, Generate(model, seedToken: 'a'));
        Assert.NotEqual(first, Generate(model, seedToken: 'b'));
        Assert.Equal(options.ContextLength, model.NumContextTrain);
        Assert.Equal(options.Architecture == TinyArchitecture.Recurrent, model.IsRecurrent);
        Assert.Equal(options.Architecture == TinyArchitecture.SlidingWindow ? options.SlidingWindow : 0, model.SlidingWindow);
    }

    [Fact]
    public void TinyModel_Shards_DecodeAsOneFileDoes()
    {
        var writer = TinyModel.Create(new TinyModelOptions());
        var path = Path.Combine(_folder.FullName, "whole.gguf");
        writer.WriteTo(path);
        var shards = writer.WriteShards(_folder.FullName, "tiny", 3);
        using var whole = Load(path);
        using var sharded = Load(shards[0]);
        Assert.Equal(Generate(whole, 'x'), Generate(sharded, 'x'));
    }

    /// <summary>The library and our reader must agree on what they read.</summary>
    private static LoadedModel Load(string path)
    {
        var file = ModelFile.Read(path).File!;
        var model = LoadedModel.Load(new ModelLoadSettings { Path = path }, CancellationToken.None).Model!;
        Assert.Equal(file.Metadata.ParameterCount, model.NumParameters);
        Assert.Equal(file.Tensors.Sum(tensor => tensor.NumBytes), model.SizeInBytes);
        Assert.Equal(file.Metadata.BlockCount, model.NumLayers);
        Assert.Equal(file.Metadata.EmbeddingLength, model.EmbeddingLength);
        return model;
    }

    private static List<int> Generate(LoadedModel model, int seedToken)
    {
        using var context = model.CreateContext(new ContextSettings { NumCells = 512, MaxSequences = 1, MaxOutputs = 1, Threads = 1 }, out var failure);
        Assert.Null(failure);
        using var batch = new NativeBatch(1);
        var tokens = new List<int>();
        var token = seedToken;
        for (var position = 0; position < NumTokens; position++)
        {
            batch.Clear();
            batch.Add(token, position, 0, wantsLogits: true);
            Assert.Equal(DecodeStatus.Ok, context!.Decode(batch));
            var logits = context.GetLogits(0);
            Assert.Equal(TinyModel.VocabularySize, logits.Length);
            Assert.True(TensorPrimitives.IsFiniteAll(logits));
            token = TensorPrimitives.IndexOfMax(logits);
            tokens.Add(token);
        }

        return tokens;
    }
}
