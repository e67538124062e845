using InferenceServer.Inference.Models;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Models;

public sealed class DecodeTrafficTests
{
    private const int Float32 = 0;

    [Fact]
    public void Traffic_OfTheEmbeddedModel_IsItsWholeWeightsAndWhatItsCacheTakes()
    {
        var file = ModelFile.Read(RepositoryFiles.ChatModel).File!;
        var traffic = file.Metadata.Traffic!;

        // Its table of embeddings is its output's weights, too, so that every step reads all tensors.
        Assert.Equal(file.Tensors.Sum(tensor => tensor.NumBytes), traffic.SharedBytes);
        Assert.Equal((0, 0.0), (traffic.ExpertBytes, traffic.ExpertShare));
        Assert.Equal(30 * 2 * 3 * 64, traffic.KvLength); // layers, K and V, heads, their length
        Assert.Equal(22.5 * 1024, traffic.GetKvBytes(KvCacheType.F16));
        Assert.Equal(22.5 * 1024, traffic.GetKvBytes(KvCacheType.BF16));
        Assert.Equal(11520 * 34.0 / 32, traffic.GetKvBytes(KvCacheType.Q8_0));
        Assert.Equal(11520 * 18.0 / 32, traffic.GetKvBytes(KvCacheType.Q4_0));
        Assert.Equal(traffic.SharedBytes, traffic.GetWeightBytes(8));
    }

    [Fact]
    public void Traffic_OfAModelWithAnOutput_LeavesTheTableOut()
    {
        var model = TinyModel.Create(new TinyModelOptions());
        var file = Read(model);
        var table = file.Tensors.Single(tensor => tensor.Name == "token_embd.weight");
        Assert.Equal(file.Tensors.Sum(tensor => tensor.NumBytes) - table.NumBytes, file.Metadata.Traffic!.SharedBytes);
        Assert.Equal(2 * 32 * file.Metadata.BlockCount, file.Metadata.Traffic.KvLength);
    }

    [Fact]
    public void Traffic_OfExperts_CountsThoseThatSomeTokenUses()
    {
        var model = TinyModel.Create(new TinyModelOptions())
            .Set("llama.expert_count", 8u)
            .Set("llama.expert_used_count", 2u)
            .Add(new GgufTensor("blk.0.ffn_up_exps.weight", Float32, [4, 4, 8], new byte[4 * 4 * 8 * 4]));
        var traffic = Read(model).Metadata.Traffic!;
        Assert.Equal(512, traffic.ExpertBytes);
        Assert.Equal(traffic.SharedBytes + 128, traffic.GetWeightBytes(1), 6);
        Assert.Equal(traffic.SharedBytes + (512 * (1 - (0.75 * 0.75))), traffic.GetWeightBytes(2), 6);
        Assert.InRange(traffic.GetWeightBytes(100) - traffic.SharedBytes, 511, 512);
    }

    [Fact]
    public void Traffic_OfQkvInOneTensor_IsByTheHeads()
    {
        var model = TinyModel.Create(new TinyModelOptions { BlockCount = 1 });
        model.RemoveTensors(tensor => tensor.Name is "blk.0.attn_q.weight" or "blk.0.attn_k.weight" or "blk.0.attn_v.weight");
        model.Add(new GgufTensor("blk.0.attn_qkv.weight", Float32, [64, 128], new byte[64 * 128 * 4]));
        Assert.Equal(2 * 32, Read(model).Metadata.Traffic!.KvLength);
    }

    [Fact]
    public void Traffic_WithoutAttention_HasNoKnownCache() =>
        Assert.Null(Read(TinyModel.Create(new TinyModelOptions { Architecture = TinyArchitecture.Recurrent })).Metadata.Traffic!.KvLength);

    private static ModelFile Read(GgufWriter model)
    {
        var bytes = model.ToArray();
        var result = ModelFile.Read("tiny.gguf", _ => new MemoryStream(bytes));
        Assert.Null(result.Message);
        return result.File!;
    }
}
