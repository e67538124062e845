using System.Numerics.Tensors;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;
using InferenceServer.Integration.Tests.Native;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Models;

[Collection(NativeCollection.Name)]
public sealed class LoadedModelTests
{
    // "The capital of France is", and " Paris", in the embedded model's vocabulary.
    private static readonly int[] Prompt = [504, 3575, 282, 4649, 314];
    private const int Paris = 7042;

    [Fact]
    public void LoadedModel_EmbeddedChatModel_ContinuesGreedily()
    {
        var shares = new List<float>();
        using var model = VocabularyFixture.Load(new ModelLoadSettings { Path = RepositoryFiles.ChatModel, Progress = shares.Add });
        using var context = Context(model);
        using var batch = new NativeBatch(16);
        for (var position = 0; position < Prompt.Length; position++)
        {
            batch.Add(Prompt[position], position, 0, wantsLogits: position == Prompt.Length - 1);
        }

        Assert.Equal(DecodeStatus.Ok, context.Decode(batch));
        var token = TensorPrimitives.IndexOfMax(context.GetLogits(Prompt.Length - 1));

        Assert.Equal(Paris, token);
        Assert.Equal(0, context.PositionMin(0));
        Assert.Equal(Prompt.Length - 1, context.PositionMax(0));
        Assert.Equal(8192, model.NumContextTrain);
        Assert.Equal(30, model.NumLayers);
        Assert.Equal(576, model.EmbeddingLength);
        Assert.False(model.IsRecurrent);
        Assert.True(model.HasDecoder);
        Assert.Equal(0f, shares[0]);
        Assert.Equal(1f, shares[^1]);
        Assert.Equal(shares.Order(), shares);
    }

    private static ContextHandle Context(LoadedModel model)
    {
        var context = model.CreateContext(new ContextSettings { NumCells = 512, MaxSequences = 4, MaxOutputs = 4, Threads = 2 }, out var failure);
        Assert.Null(failure);
        return context!;
    }
}
