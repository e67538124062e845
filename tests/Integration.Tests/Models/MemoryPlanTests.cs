using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using InferenceServer.Inference;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Inference.Native;
using InferenceServer.Integration.Tests.Native;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Integration.Tests.Models;

/// <summary>Plans against what llama.cpp logs: it simulates loads of large models, whose files are hollow, and really loads small ones.</summary>
[Collection(NativeAloneCollection.Name)]
public sealed partial class MemoryPlanTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("memory-plan-");

    public void Dispose() => _folder.Delete(recursive: true);

    public static TheoryData<string, int, KvCacheType> Cases { get; } = new()
    {
        { nameof(HollowModel.Llama70B), 32_768, KvCacheType.F16 },
        { nameof(HollowModel.Llama70B), 131_072, KvCacheType.Q8_0 },
        { nameof(HollowModel.Qwen3Moe30B), 32_768, KvCacheType.F16 },
        { nameof(HollowModel.Qwen3Moe30B), 8192, KvCacheType.Q4_0 },
        { nameof(HollowModel.Gemma27B), 32_768, KvCacheType.BF16 },
        { nameof(HollowModel.Gemma27B), 4000, KvCacheType.F16 },
        { nameof(HollowModel.DeepSeekV3), 65_536, KvCacheType.F16 },
        { nameof(HollowModel.Qwen3Next80B), 32_768, KvCacheType.F16 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Plan_LargeModel_IsWhatTheLibraryWouldAllocate(string model, int context, KvCacheType kvCacheType)
    {
        var writer = model switch
        {
            nameof(HollowModel.Llama70B) => HollowModel.Llama70B(),
            nameof(HollowModel.Qwen3Moe30B) => HollowModel.Qwen3Moe30B(),
            nameof(HollowModel.Gemma27B) => HollowModel.Gemma27B(),
            nameof(HollowModel.Qwen3Next80B) => HollowModel.Qwen3Next80B(),
            _ => HollowModel.DeepSeekV3(),
        };
        var path = Path.Combine(_folder.FullName, "hollow.gguf");
        writer.WriteTo(path);
        CheckAgainstLibrary(path, new PlanSettings { Context = context, Parallel = 8, KvCacheType = kvCacheType, Family = DeviceFamily.Cpu }, noAlloc: true);
    }

    [Theory]
    [InlineData(32_768, 8, KvCacheType.F16)]
    [InlineData(4096, 2, KvCacheType.Q8_0)]
    public void Plan_EmbeddedModel_IsWhatTheLibraryAllocates(int context, int parallel, KvCacheType kvCacheType) => CheckAgainstLibrary(
        RepositoryFiles.ChatModel,
        new PlanSettings { Context = context, Parallel = parallel, KvCacheType = kvCacheType, Family = DeviceFamily.Cpu },
        noAlloc: false);

    [Fact]
    public void Plan_Slices_AreWhatTheLibraryAllocates()
    {
        var settings = new PlanSettings { Context = 8192, Parallel = 4, KvCacheType = KvCacheType.F16, Family = DeviceFamily.Cpu, SlicedTokens = 4000 };
        var plan = MemoryPlan.Create(ModelFile.Read(RepositoryFiles.ChatModel).File!, settings);
        var logged = Load(RepositoryFiles.ChatModel, plan, noAlloc: false, numSlicedTokens: 4000);

        AssertWithin(0.02, logged.Total - logged.Weights, plan.TotalBytes - plan.WeightBytes);
        Assert.InRange(plan.SlicedBytes, plan.KvBytes / 2, plan.KvBytes);
    }

    [Fact]
    public void Plan_RecurrentModel_CountsStatesInsteadOfCells()
    {
        var path = Path.Combine(_folder.FullName, "tiny.gguf");
        TinyModel.WriteTo(path, new TinyModelOptions { Architecture = TinyArchitecture.Recurrent, BlockCount = 8 });
        var settings = new PlanSettings { Context = 4096, Parallel = 8, KvCacheType = KvCacheType.F16, Family = DeviceFamily.Cpu };
        var plan = MemoryPlan.Create(ModelFile.Read(path).File!, settings);
        var logged = Load(path, plan, noAlloc: false);

        Assert.Equal(0, plan.KvBytes);
        Assert.Equal(logged.Weights, plan.WeightBytes);
        AssertWithin(0.02, logged.State, plan.StateBytes);
    }

    private static void CheckAgainstLibrary(string path, PlanSettings settings, bool noAlloc)
    {
        var file = ModelFile.Read(path);
        Assert.True(file.IsUsable, file.Message);
        var plan = MemoryPlan.Create(file.File, settings);
        var logged = Load(path, plan, noAlloc);
        Assert.Equal(logged.Weights, plan.WeightBytes);
        AssertWithin(0.001, logged.Kv, plan.KvBytes);
        AssertWithin(0.001, logged.State, plan.StateBytes);

        // It begins with a row for each sequence, and grows when a step wants more.
        var context = EngineContext.Create(settings.Context, settings.Parallel, settings.KvCacheType, !file.File.Shape.HasState, file.File.Shape.HasWindows, threads: 1);
        AssertWithin(0.001, logged.Output * context.NumOutputs / context.MaxSequences, plan.OutputBytes);
        AssertWithin(0.20, logged.Compute, plan.ComputeBytes);
        AssertWithin(0.02, logged.Total, plan.TotalBytes);
    }

    private static void AssertWithin(double share, long expected, long actual) =>
        Assert.True(Math.Abs(actual - expected) <= share * expected, $"{actual} is not within {share:P0} of {expected}.");

    private static Allocations Load(string path, MemoryPlan plan, bool noAlloc, int numSlicedTokens = 0)
    {
        var lines = new LineCollector();
        NativeLog.Logger = lines;
        try
        {
            using var model = LoadedModel.Load(new ModelLoadSettings { Path = path, NoAlloc = noAlloc, Devices = [] }, CancellationToken.None).Model!;
            var settings = EngineContext.Create(
                plan.Settings.Context, plan.Settings.Parallel, plan.Settings.KvCacheType, !model.IsRecurrent && !model.IsHybrid, model.SlidingWindow > 0, threads: 1);
            using var context = model.CreateContext(settings, out var failure);
            Assert.Null(failure);
            using var slices = numSlicedTokens == 0 ? null : model.CreatePausableContext(EngineContext.ForSlices(settings, numSlicedTokens), out failure);
            Assert.Null(failure);
            return new Allocations(
                model.SizeInBytes, lines.Sum(KvSize()), lines.Sum(StateSize()), lines.Sum(ComputeSize()), lines.Sum(OutputSize()));
        }
        finally
        {
            NativeLog.Logger = NullLogger.Instance;
        }
    }

    [GeneratedRegex(@"llama_kv_cache: size = +([\d.]+) MiB")]
    private static partial Regex KvSize();

    [GeneratedRegex(@"llama_memory_recurrent: size = +([\d.]+) MiB")]
    private static partial Regex StateSize();

    [GeneratedRegex(@"compute buffer size = +([\d.]+) MiB")]
    private static partial Regex ComputeSize();

    [GeneratedRegex(@"output buffer size = +([\d.]+) MiB")]
    private static partial Regex OutputSize();

    private sealed record Allocations(long Weights, long Kv, long State, long Compute, long Output)
    {
        public long Total => Weights + Kv + State + Compute + Output;
    }

    private sealed class LineCollector : ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue(formatter(state, exception));

        /// <summary>All sizes that a pattern finds, in bytes.</summary>
        public long Sum(Regex pattern) => (long)(1048576 * _lines
            .Select(line => pattern.Match(line))
            .Where(match => match.Success)
            .Sum(match => double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)));
    }
}
