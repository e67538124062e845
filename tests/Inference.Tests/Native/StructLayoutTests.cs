using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using InferenceServer.Inference.Native;

namespace InferenceServer.Inference.Tests.Native;

/// <summary>
/// Our structs against the C ones. The numbers were printed by sizeof and offsetof over llama.h of release v0.4.0 on
/// linux-x64; every served platform has the same sizes of int, float, bool and pointers. A new release needs new numbers.
/// </summary>
public sealed class StructLayoutTests
{
    [Fact]
    public void LlamaModelParams_SizeAndOffsets_AreThoseOfTheHeader() => Check<LlamaModelParams>(80, """
        Devices 0, TensorBufferOverrides 8, NumGpuLayers 16, SplitMode 20, LoadMode 24, LazyMode 28, MainGpu 32, TensorSplit 40,
        ProgressCallback 48, ProgressCallbackUserData 56, KeyValueOverrides 64, VocabOnly 72, CheckTensors 73,
        UseExtraBufferTypes 74, NoHost 75, NoAlloc 76, LoadMtp 77
        """);

    [Fact]
    public void LlamaContextParams_SizeAndOffsets_AreThoseOfTheHeader() => Check<LlamaContextParams>(160, """
        NumCells 0, NumBatch 4, NumUbatch 8, NumSequences 12, NumRecurrentSnapshots 16, NumOutputs 20, NumOutputsPerSequence 24,
        NumThreads 28, NumThreadsBatch 32, ContextType 36, RopeScalingType 40, PoolingType 44, AttentionType 48, FlashAttention 52,
        RopeFrequencyBase 56, RopeFrequencyScale 60, YarnExtFactor 64, YarnAttnFactor 68, YarnBetaFast 72, YarnBetaSlow 76,
        YarnOriginalContext 80, DefragThreshold 84, EvalCallback 88, EvalCallbackUserData 96, TypeK 104, TypeV 108,
        AbortCallback 112, AbortCallbackData 120, Embeddings 128, OffloadKqv 129, NoPerf 130, OpOffload 131, SwaFull 132,
        KvUnified 133, Samplers 136, NumSamplers 144, OtherContext 152
        """);

    [Fact]
    public void LlamaBatch_SizeAndOffsets_AreThoseOfTheHeader() => Check<LlamaBatch>(56, """
        NumTokens 0, Token 8, Embedding 16, Position 24, NumSequenceIds 32, SequenceId 40, WantsOutput 48
        """);

    [Fact]
    public void LlamaKeyValueOverride_SizeAndOffsets_AreThoseOfTheHeader() => Check<LlamaKeyValueOverride>(264, "Tag 0, Key 4, _padding 132, Value 136");

    [Fact]
    public void GgmlThreadpoolParams_SizeAndOffsets_AreThoseOfTheHeader() => Check<GgmlThreadpoolParams>(528, "CpuMask 0, NumThreads 512, Priority 516, Poll 520, StrictCpu 524, Paused 525");

    [Theory]
    [InlineData(GgmlType.F16, 1)]
    [InlineData(GgmlType.Q4_0, 2)]
    [InlineData(GgmlType.Q8_0, 8)]
    [InlineData(GgmlType.BF16, 30)]
    internal void GgmlType_Values_AreThoseOfTheHeader(GgmlType type, int value) => Assert.Equal(value, (int)type);

    private static void Check<T>(int size, string offsets)
        where T : unmanaged
    {
        var expected = offsets.Split(',', StringSplitOptions.TrimEntries)
            .Select(pair => pair.Split(' '))
            .ToDictionary(pair => pair[0], pair => int.Parse(pair[1], CultureInfo.InvariantCulture));
        var fields = typeof(T).GetFields(System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic);

        Assert.Equal(size, Unsafe.SizeOf<T>());
        Assert.Equal(expected.Keys.Order(), fields.Select(field => field.Name).Order());
        foreach (var field in fields)
        {
            Assert.Equal((field.Name, expected[field.Name]), (field.Name, (int)Marshal.OffsetOf<T>(field.Name)));
        }
    }
}
