using InferenceServer.Inference.Models;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Models.Planning;

public sealed class RooflineTests : IDisposable
{
    private const double M4Max = 546e9;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("roofline-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void GetDecodeRate_Dense_ReadsAllWeightsButTheTokenTable()
    {
        var model = HollowModel.Llama70B();
        var table = model.Tensors.Single(tensor => tensor.Name == "token_embd.weight").Length;
        var weights = model.Tensors.Sum(tensor => tensor.Length) - table;
        var roofline = Read(model, KvCacheType.F16);

        Assert.Equal(weights, roofline.GetDecodeBytes(0, 1));
        Assert.Equal(M4Max / weights, roofline.GetDecodeRate(M4Max, 0, 1), 6);
    }

    [Fact]
    public void GetDecodeBytes_Context_AddsItsKeysAndValues()
    {
        var roofline = Read(HollowModel.Llama70B(), KvCacheType.Q8_0);
        Assert.Equal(3 * 1000 * 170 * 1024, roofline.GetDecodeBytes(1000, 3) - roofline.GetDecodeBytes(0, 3));
    }

    [Fact]
    public void GetDecodeBytes_TiedTable_IsReadAsOutput()
    {
        var model = HollowModel.Gemma27B();
        Assert.Equal(model.Tensors.Sum(tensor => tensor.Length), Read(model, KvCacheType.F16).GetDecodeBytes(0, 1));
    }

    [Fact]
    public void GetDecodeBytes_Windows_AreReadNoFurther()
    {
        var roofline = Read(HollowModel.Gemma27B(), KvCacheType.F16);
        const long PerLayer = 2 * 16 * 128 * 2;

        // Ten of the 62 layers see everything.
        Assert.Equal(10 * PerLayer * 1000, roofline.GetDecodeBytes(11_000, 1) - roofline.GetDecodeBytes(10_000, 1));
        Assert.Equal(62 * PerLayer * 100, roofline.GetDecodeBytes(1000, 1) - roofline.GetDecodeBytes(900, 1));
    }

    [Fact]
    public void GetDecodeBytes_Experts_AreReadAsFarAsTokensGoToThem()
    {
        var model = HollowModel.Qwen3Moe30B();
        var experts = model.Tensors.Where(tensor => tensor.Name.Contains("_exps.", StringComparison.Ordinal)).Sum(tensor => tensor.Length);
        var others = model.Tensors.Where(tensor => tensor.Name != "token_embd.weight").Sum(tensor => tensor.Length) - experts;
        var roofline = Read(model, KvCacheType.F16);

        Assert.Equal(others + (experts / 16.0), roofline.GetDecodeBytes(0, 1), 1.0);

        // Two streams seldom go to the same experts, a thousand leave none out.
        Assert.Equal(others + (experts * (1 - (15.0 / 16 * 15 / 16))), roofline.GetDecodeBytes(0, 2), 1.0);
        Assert.Equal(others + experts, roofline.GetDecodeBytes(0, 1000), 1.0);
    }

    [Fact]
    public void GetDecodeBytes_EmbeddedModel_AreItsWholeWeightsAndWhatItsCacheTakes()
    {
        var file = ModelFile.Read(RepositoryFiles.ChatModel).File!;
        var roofline = new Roofline(file, KvCacheType.F16);
        Assert.Equal(file.Tensors.Sum(tensor => tensor.NumBytes), roofline.GetWeightBytes(8));
        Assert.Equal(30 * 2 * 3 * 64 * 2, roofline.GetContextBytes(1)); // layers, K and V, heads, their length, bytes
        Assert.True(roofline.IsFollowed);
    }

    [Fact]
    public void GetContextBytes_QkvInOneTensor_AreByTheHeads()
    {
        var model = TinyModel.Create(new TinyModelOptions { BlockCount = 1 });
        model.RemoveTensors(tensor => tensor.Name is "blk.0.attn_q.weight" or "blk.0.attn_k.weight" or "blk.0.attn_v.weight");
        model.Add(GgufTensor.Hollow("blk.0.attn_qkv.weight", 0, 64, 128));
        Assert.Equal(2 * 32 * 2 * 10, Read(model, KvCacheType.F16).GetContextBytes(10));
    }

    [Fact]
    public void GetContextBytes_States_AreReadAndWrittenWhateverTheContext()
    {
        var roofline = Read(TinyModel.Create(new TinyModelOptions { Architecture = TinyArchitecture.Recurrent, BlockCount = 2 }), KvCacheType.F16);
        Assert.Equal(2 * 2 * ((3 * 128) + (16 * 128)) * sizeof(float), roofline.GetContextBytes(1));
        Assert.Equal(roofline.GetContextBytes(1), roofline.GetContextBytes(1000));
    }

    [Fact]
    public void GetContextBytes_InTheEngineLoop_AllocatesNothing()
    {
        var roofline = Read(HollowModel.Gemma27B(), KvCacheType.F16);
        var sum = roofline.GetWeightBytes(3) + roofline.GetContextBytes(7);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var context = 0; context < 1000; context++)
        {
            sum += roofline.GetWeightBytes(context) + roofline.GetContextBytes(context);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(sum > 0);
    }

    [Fact]
    public void GetPrefillOperations_ShortPrompt_IsTwoPerActiveWeight()
    {
        // Without the token table and the output layer, which only the last token meets.
        var model = HollowModel.Llama70B();
        var weights = model.Tensors.Where(tensor => tensor.Name.StartsWith("blk.", StringComparison.Ordinal)).Sum(tensor => tensor.Dimensions.Aggregate(1.0, (a, b) => a * b));
        Assert.Equal(2 * weights, Read(model, KvCacheType.F16).GetPrefillOperations(1), 2 * weights * 1e-4);
    }

    [Fact]
    public void GetPrefillOperations_LongPrompt_AddsAttention()
    {
        var roofline = Read(HollowModel.Llama70B(), KvCacheType.F16);
        var perToken = (roofline.GetPrefillOperations(100_000) / 100_000) - roofline.GetPrefillOperations(1);
        Assert.Equal(80 * 4.0 * 8192 * 50_000, perToken, perToken * 1e-3);
    }

    private Roofline Read(GgufWriter model, KvCacheType type)
    {
        var path = Path.Combine(_folder.FullName, "model.gguf");
        model.WriteTo(path);
        return new Roofline(ModelFile.Read(path).File!, type);
    }
}
