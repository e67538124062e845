using InferenceServer.Inference.Models;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Models.Planning;

/// <summary>Plans of models whose numbers are known. That they are what llama.cpp allocates is tested with the library.</summary>
public sealed class MemoryPlanTests : IDisposable
{
    private const long Kib = 1L << 10;
    private const long Gib = 1L << 30;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("memory-plan-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(KvCacheType.F16, 320)]
    [InlineData(KvCacheType.BF16, 320)]
    [InlineData(KvCacheType.Q8_0, 170)]
    [InlineData(KvCacheType.Q4_0, 90)]
    public void Create_GroupedQueryAttention_CachesItsKeyHeadsOnly(KvCacheType type, int kib)
    {
        var plan = Plan(HollowModel.Llama70B(), type);
        Assert.Equal(kib * Kib, plan.KvBytesPerToken);
        Assert.Equal(kib * Kib * 32_768, plan.KvBytes);
        Assert.True(plan.IsFollowed);
    }

    [Fact]
    public void Create_LatentAttention_CachesOneVector() =>
        Assert.Equal(6 * 576 * 2, Plan(HollowModel.DeepSeekV3(), KvCacheType.F16).KvBytesPerToken);

    [Fact]
    public void Create_SlidingWindow_KeepsEveryCell() =>
        Assert.Equal(62 * 2 * 16 * 128 * 2, Plan(HollowModel.Gemma27B(), KvCacheType.F16).KvBytesPerToken);

    [Fact]
    public void Create_RecurrentModel_KeepsStates()
    {
        var plan = Plan(TinyModel.Create(new TinyModelOptions { Architecture = TinyArchitecture.Recurrent, BlockCount = 2 }), KvCacheType.F16);
        Assert.Equal(0, plan.KvBytes);

        // Three of four columns of the convolution and sixteen states for each of 128 inner values, in 8 sequences and 2 layers.
        Assert.Equal(8 * 2 * ((3 * 128) + (16 * 128)) * sizeof(float), plan.StateBytes);
    }

    [Fact]
    public void Create_Context_IsRoundedUpAsTheLibraryDoes()
    {
        var file = Read(TinyModel.Create(new TinyModelOptions()));
        Assert.Equal(512, MemoryPlan.Create(file, Settings(KvCacheType.F16) with { Context = 257 }).Settings.Context);
    }

    [Fact]
    public void Create_Slices_TakeCellsOfTheirOwnAndBuffers()
    {
        var file = Read(HollowModel.Llama70B());
        var settings = Settings(KvCacheType.F16);
        var without = MemoryPlan.Create(file, settings);
        var with = MemoryPlan.Create(file, settings with { SlicedTokens = 8000 });

        Assert.Equal(0, without.SlicedBytes);
        Assert.InRange(with.SlicedBytes - (320 * Kib * 8192), 0, Gib / 4);
        Assert.Equal(with.SlicedBytes, with.TotalBytes - without.TotalBytes);
        Assert.Equal(with.SlicedBytes, with.MachineBytes - without.MachineBytes);

        // No more than the context and the model have.
        Assert.Equal(MemoryPlan.Create(file, settings with { SlicedTokens = settings.Context }).SlicedBytes, MemoryPlan.Create(file, settings with { SlicedTokens = 1_000_000 }).SlicedBytes);

        var metal = MemoryPlan.Create(file, settings with { SlicedTokens = 8000, Family = DeviceFamily.Metal });
        Assert.InRange(metal.DeviceBytes - MemoryPlan.Create(file, settings with { Family = DeviceFamily.Metal }).DeviceBytes, 320 * Kib * 8192, metal.SlicedBytes);
    }

    [Fact]
    public void Create_SlicesOfARecurrentModel_AreNone()
    {
        var file = Read(TinyModel.Create(new TinyModelOptions { Architecture = TinyArchitecture.Recurrent }));
        Assert.Equal(0, MemoryPlan.Create(file, Settings(KvCacheType.F16) with { SlicedTokens = 1024 }).SlicedBytes);
    }

    [Theory]
    [InlineData(true, 60, 8192)]
    [InlineData(true, 48, 0)] // they alone are too much
    [InlineData(true, 20, 0)]
    [InlineData(false, 48, 8192)] // asked for
    public void FitSlices_ByWhatThereIs_DoesWithoutWhereTheyAreOptional(bool areOptional, int gib, int expected)
    {
        var file = Read(HollowModel.Llama70B());
        var settings = Settings(KvCacheType.F16) with { SlicedTokens = 8192, AreSlicesOptional = areOptional };
        MemoryLimit[] limits = [new("the memory", gib * Gib, IsDevice: false)];

        Assert.Equal(expected, PlanSearch.FitSlices(file, settings, limits).SlicedTokens);
        Assert.Equal(
            PlanSearch.FindLargestContext(file, settings with { SlicedTokens = areOptional ? 0 : 8192, AreSlicesOptional = false }, limits),
            PlanSearch.FindLargestContext(file, settings, limits));
    }

    [Theory]
    [InlineData(null, 32_768, 8, 8192)]
    [InlineData(null, 4096, 8, 8192)] // no more than the context count
    [InlineData(null, 32_768, 1, 0)] // nobody streams beside
    [InlineData(0, 32_768, 8, 0)]
    [InlineData(20_000, 32_768, 1, 20_000)]
    public void From_Options_SlicesWhereStreamsCanBe(int? configured, int context, int parallel, int expected)
    {
        var settings = PlanSettings.From(new InferenceOptions { SlicedPrefillTokens = configured, Context = context, Parallel = parallel }, DeviceFamily.Cpu);
        Assert.Equal((expected, configured is null), (settings.SlicedTokens, settings.AreSlicesOptional));
    }

    [Fact]
    public void Create_Gpus_DifferInWhereThingsLie()
    {
        var file = Read(HollowModel.Llama70B());
        var settings = Settings(KvCacheType.F16);
        var cpu = MemoryPlan.Create(file, settings);
        var metal = MemoryPlan.Create(file, settings with { Family = DeviceFamily.Metal });
        var discrete = MemoryPlan.Create(file, settings with { Family = DeviceFamily.Discrete });
        var half = MemoryPlan.Create(file, settings with { Family = DeviceFamily.Discrete, GpuLayers = 40 });
        var none = MemoryPlan.Create(file, settings with { Family = DeviceFamily.Discrete, GpuLayers = 0 });

        Assert.Equal(0, cpu.DeviceBytes);
        Assert.Equal(cpu.TotalBytes + MemoryPlan.ServerBytes, cpu.MachineBytes);

        // One memory for both: the GPU holds all but the token table and the buffers that the processor fills.
        Assert.Equal(metal.TotalBytes + MemoryPlan.ServerBytes, metal.MachineBytes);
        Assert.InRange(metal.TotalBytes - metal.DeviceBytes, Gib / 2, Gib);

        Assert.InRange(discrete.MachineBytes, MemoryPlan.ServerBytes, MemoryPlan.ServerBytes + Gib);
        Assert.InRange(half.DeviceBytes, 0.48 * discrete.DeviceBytes, 0.53 * discrete.DeviceBytes);
        Assert.Equal(half.TotalBytes + MemoryPlan.ServerBytes, half.DeviceBytes + half.MachineBytes);
        Assert.Equal(0, none.DeviceBytes);
        Assert.Equal(cpu.MachineBytes, none.MachineBytes);
    }

    [Fact]
    public void Create_LayersThatPredictFurtherTokens_AreNotLoaded()
    {
        var with = HollowModel.Llama70B().Set("llama.nextn_predict_layers", 1u);
        var layer = with.Tensors.Where(tensor => tensor.Name.StartsWith("blk.79.", StringComparison.Ordinal)).Sum(tensor => tensor.Length);
        Assert.Equal(Plan(HollowModel.Llama70B(), KvCacheType.F16).WeightBytes - layer, Plan(with, KvCacheType.F16).WeightBytes);
    }

    [Fact]
    public void Create_ArchitectureOfAnotherKind_IsSaidToBeEstimated()
    {
        var model = TinyModel.Create(new TinyModelOptions()).Set("general.architecture", "deepseek32");
        foreach (var (key, value) in new (string, object)[] { ("context_length", 2048u), ("embedding_length", 64u), ("block_count", 2u), ("attention.head_count", 2u) })
        {
            model.Set($"deepseek32.{key}", value);
        }

        Assert.False(Plan(model, KvCacheType.F16).IsFollowed);
    }

    [Fact]
    public void FindLargestContext_Limits_AreKeptAndUsedUp()
    {
        var file = Read(HollowModel.Llama70B());
        var settings = Settings(KvCacheType.F16) with { Family = DeviceFamily.Metal };
        MemoryLimit[] limits = [new("the GPU", 48 * Gib, IsDevice: true), new("the machine", 64 * Gib, IsDevice: false)];

        var context = PlanSearch.FindLargestContext(file, settings, limits);

        Assert.Equal(0, context % 256);
        Assert.Empty(MemoryPlan.Create(file, settings with { Context = context }).FindExceeded(limits));
        Assert.Equal(["the GPU"], MemoryPlan.Create(file, settings with { Context = context + 256 }).FindExceeded(limits).Select(limit => limit.Name));
        Assert.Equal(0, PlanSearch.FindLargestContext(file, settings, [new MemoryLimit("too little", Gib, IsDevice: true)]));
    }

    private MemoryPlan Plan(GgufWriter model, KvCacheType type) => MemoryPlan.Create(Read(model), Settings(type));

    private static PlanSettings Settings(KvCacheType type) => new() { Context = 32_768, Parallel = 8, KvCacheType = type, Family = DeviceFamily.Cpu };

    private ModelFile Read(GgufWriter model)
    {
        var path = Path.Combine(_folder.FullName, "model.gguf");
        model.WriteTo(path);
        var result = ModelFile.Read(path);
        Assert.True(result.IsUsable, result.Message);
        return result.File;
    }
}
