using InferenceServer.Inference;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;
using InferenceServer.Integration.Tests.Models;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Native;

[Collection(NativeCollection.Name)]
public sealed class ContextHandleTests : IDisposable
{
    private const int NumCells = 256;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("context-test-");
    private readonly NativeBatch _batch = new(NumCells + 1);
    private LoadedModel? _model;
    private ContextHandle? _context;

    public void Dispose()
    {
        _batch.Dispose();
        _context?.Dispose();
        _model?.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void Decode_SeveralSequencesInOneBatch_GivesEachItsLogits()
    {
        var context = Open();
        Assert.Equal(DecodeStatus.Ok, Decode((10, 0, 0, false), (11, 1, 0, true), (20, 0, 3, true)));

        Assert.Equal(TinyModel.VocabularySize, context.GetLogits(1).Length);
        Assert.NotEqual(context.GetLogits(1).ToArray(), context.GetLogits(2).ToArray());
        Assert.Throws<InvalidOperationException>(() => context.GetLogits(0).Length);
        Assert.Throws<InvalidOperationException>(() => context.GetLogits(3).Length);
        Assert.Equal((0, 1), (context.PositionMin(0), context.PositionMax(0)));
        Assert.Equal((0, 0), (context.PositionMin(3), context.PositionMax(3)));
        Assert.Equal((-1, -1), (context.PositionMin(1), context.PositionMax(1)));
        Assert.Equal(NumCells, context.NumCells);
        Assert.Equal(4, context.NumSequences);
        Assert.Equal(context.NumBatch, context.NumUbatch);
    }

    [Fact]
    public void Decode_WithThreadsThatStay_ComputesTheSameAsWithNewOnes()
    {
        float[]? expected = null;
        foreach (var keepsThreads in (bool[])[false, true])
        {
            using var context = Open(keepsThreads: keepsThreads);
            List<float> logits = [];
            for (var position = 0; position < 20; position++)
            {
                Assert.Equal(DecodeStatus.Ok, Decode((position, position, 0, true)));
                logits.AddRange(context.GetLogits(0));
            }

            expected ??= [.. logits];
            Assert.Equal(expected, logits);
            _model!.Dispose();
        }
    }

    [Fact]
    public unsafe void ComputeThreads_OfThisLibrary_AreThereAndItsDefaultsAreThoseOfTheHeader()
    {
        GgmlThreadpoolParams parameters;
        LlamaApi.ggml_threadpool_params_init(&parameters, 3);
        Assert.Equal((3, 0, 50u, 0, 0), (parameters.NumThreads, parameters.Priority, parameters.Poll, parameters.StrictCpu, parameters.Paused));

        var threads = ComputeThreads.Create(3);
        Assert.NotEqual(0, threads);
        ComputeThreads.Free(threads);
    }

    [Fact]
    public void Decode_MoreTokensThanCells_IsNoCellsAndChangesNothing()
    {
        var context = Open();
        Assert.Equal(DecodeStatus.Ok, Decode([.. Enumerable.Range(0, NumCells).Select(position => (position % 256, position, 0, false))]));
        Assert.Equal(DecodeStatus.NoCells, Decode((1, NumCells, 0, true)));
        Assert.Equal(NumCells - 1, context.PositionMax(0));

        Assert.True(context.SequenceRemove(0, NumCells - 1, -1));
        Assert.Equal(DecodeStatus.Ok, Decode((1, NumCells - 1, 0, true)));
    }

    [Theory]
    [InlineData(TinyModel.VocabularySize, 0)]
    [InlineData(-1, 0)]
    public void Decode_TokenOutsideTheVocabulary_IsInvalid(int token, int position)
    {
        var context = Open();
        Assert.Equal(DecodeStatus.InvalidBatch, Decode((token, position, 0, true)));
        Assert.Equal(-1, context.PositionMax(0));
    }

    [Fact]
    public void Decode_PositionThatDoesNotContinue_IsInvalid()
    {
        Open();
        Assert.Equal(DecodeStatus.Ok, Decode((1, 0, 0, false)));
        Assert.Equal(DecodeStatus.InvalidBatch, Decode((1, 5, 0, false)));
    }

    [Fact]
    public void Decode_BatchThatTheLibraryWouldAbortOn_IsRefusedBefore()
    {
        var context = Open(maxBatchTokens: 64);
        _batch.Clear();
        Assert.Throws<ArgumentOutOfRangeException>(() => context.Decode(_batch));
        Assert.Throws<ArgumentOutOfRangeException>(() => Decode([.. Enumerable.Range(0, 65).Select(position => (1, position, 0, false))]));
    }

    [Fact]
    public void Decode_FewerOutputsThanSequencesAskedFor_DoesNotAbort()
    {
        var context = Open(maxOutputs: 1);
        Assert.Equal(DecodeStatus.Ok, Decode((1, 0, 0, true), (2, 0, 1, true), (3, 0, 2, true), (4, 0, 3, true)));
        Assert.Equal(TinyModel.VocabularySize, context.GetLogits(3).Length);
    }

    [Theory]
    [InlineData(TinyArchitecture.Llama)]
    [InlineData(TinyArchitecture.SlidingWindow)]
    internal void SequenceCopy_PartOfASequence_ContinuesAsIfComputed(TinyArchitecture architecture)
    {
        var context = Open(architecture);
        Decode([.. Enumerable.Range(0, 100).Select(position => (position, position, 0, false))]);
        Decode((7, 100, 0, true));
        var expected = context.GetLogits(0).ToArray();

        context.SequenceCopy(0, 1, 0, 100);
        Assert.Equal((0, 99), (context.PositionMin(1), context.PositionMax(1)));
        Assert.True(context.SequenceRemove(0, -1, -1));
        Assert.Equal(-1, context.PositionMax(0));
        Assert.Equal(DecodeStatus.Ok, Decode((7, 100, 1, true)));
        Assert.Equal(expected, context.GetLogits(0).ToArray());
    }

    [Fact]
    public void SequenceRemove_PartOfARecurrentSequence_IsRefused()
    {
        var context = Open(TinyArchitecture.Recurrent);
        Decode([.. Enumerable.Range(0, 10).Select(position => (position, position, 0, false))]);
        Assert.False(context.SequenceRemove(0, 5, -1));
        Assert.Equal(9, context.PositionMax(0));
        Assert.True(context.SequenceRemove(0, -1, -1));
        Assert.Equal(-1, context.PositionMax(0));
    }

    [Fact]
    public void RestoreSequence_SavedCells_ContinueAsBefore()
    {
        var context = Open();
        Decode([.. Enumerable.Range(0, 50).Select(position => (position, position, 0, false))]);
        var state = new byte[context.SequenceStateSize(0)];
        Assert.Equal(state.Length, context.SaveSequence(0, state));
        Assert.Equal(0, context.SaveSequence(0, new byte[16]));
        Decode((7, 50, 0, true));
        var expected = context.GetLogits(0).ToArray();

        context.Clear();
        Assert.Equal(-1, context.PositionMax(0));
        Assert.True(context.RestoreSequence(2, state));
        Assert.Equal((0, 49), (context.PositionMin(2), context.PositionMax(2)));
        Decode((7, 50, 2, true));
        Assert.Equal(expected, context.GetLogits(0).ToArray());
    }

    [Fact]
    public void Add_MoreThanTheCapacityOrAfterDispose_IsRefused()
    {
        var batch = new NativeBatch(1);
        batch.Add(1, 0, 0, wantsLogits: false);
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Add(1, 1, 0, wantsLogits: false));
        batch.Clear();
        Assert.Equal(0, batch.NumTokens);
        batch.Dispose();
        Assert.Throws<ObjectDisposedException>(() => batch.Add(1, 0, 0, wantsLogits: false));
    }

    [Fact]
    public void Add_FullBatchAgainAndAgain_AllocatesNothing()
    {
        FillBatch();
        var before = GC.GetAllocatedBytesForCurrentThread();
        FillBatch();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void FillBatch()
        {
            _batch.Clear();
            for (var position = 0; position < NumCells; position++)
            {
                _batch.Add(1, position, 0, wantsLogits: true);
            }
        }
    }

    [Fact]
    public void Decode_AndReadLogits_AllocatesNothing()
    {
        var context = Open();
        Decode((1, 0, 0, true));
        var sum = 0f;
        var before = 0L;
        for (var position = 1; position < 40; position++)
        {
            // The first steps compile.
            before = position == 20 ? GC.GetAllocatedBytesForCurrentThread() : before;
            _batch.Clear();
            _batch.Add(1, position, 0, wantsLogits: true);
            context.Decode(_batch);
            sum += context.GetLogits(0)[0];
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(float.IsFinite(sum));
    }

    private ContextHandle Open(TinyArchitecture architecture = TinyArchitecture.Llama, int maxBatchTokens = NumCells, int maxOutputs = 256, bool keepsThreads = true)
    {
        var path = Path.Combine(_folder.FullName, "tiny.gguf");
        TinyModel.WriteTo(path, new TinyModelOptions { Architecture = architecture });
        _model = VocabularyFixture.Load(new ModelLoadSettings { Path = path });
        var settings = new ContextSettings
        {
            NumCells = NumCells,
            MaxBatchTokens = maxBatchTokens,
            MaxSequences = 4,
            MaxOutputs = maxOutputs,
            KvCacheType = KvCacheType.BF16,
            Threads = 2,
            KeepsThreads = keepsThreads,
        };
        _context = _model.CreateContext(settings, out var failure);
        Assert.Null(failure);
        return _context!;
    }

    private DecodeStatus Decode(params (int Token, int Position, int SequenceId, bool WantsLogits)[] tokens)
    {
        _batch.Clear();
        foreach (var (token, position, sequenceId, wantsLogits) in tokens)
        {
            _batch.Add(token, position, sequenceId, wantsLogits);
        }

        return _context!.Decode(_batch);
    }
}
