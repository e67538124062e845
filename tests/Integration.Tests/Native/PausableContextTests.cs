using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;
using InferenceServer.Integration.Tests.Models;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Native;

[Collection(NativeAloneCollection.Name)]
public sealed class PausableContextTests : IDisposable
{
    private const int NumTokens = 200;

    private static readonly ContextSettings Settings = new() { NumCells = 512, MaxBatchTokens = 256, MaxSequences = 2, MaxOutputs = 2, Threads = 2, KeepsThreads = true };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pausable-test-");
    private readonly LoadedModel _model;
    private readonly PausableContext _context;

    public PausableContextTests()
    {
        var path = Path.Combine(_folder.FullName, "tiny.gguf");
        TinyModel.WriteTo(path, new TinyModelOptions { BlockCount = 6 });
        _model = VocabularyFixture.Load(new ModelLoadSettings { Path = path });
        _context = _model.CreatePausableContext(Settings, out _)!;
    }

    public void Dispose()
    {
        _context.Dispose();
        _model.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void Advance_PausedBetweenAllSegmentsWhileAnotherContextComputes_GivesTheSameCells()
    {
        using var whole = _model.CreateContext(Settings, out _)!;
        using var other = _model.CreateContext(Settings, out _)!;
        using var batch = new NativeBatch(256);
        Fill(batch, 0, NumTokens, seed: 1);
        Assert.Equal(DecodeStatus.Ok, whole.Decode(batch));

        Fill(_context.Batch, 0, NumTokens, seed: 1);
        var numPauses = 0;
        DecodeStatus? status;
        while ((status = _context.Advance(TimeSpan.Zero)) is null)
        {
            Assert.True(_context.IsComputing);
            Fill(batch, numPauses, 1, seed: 2);
            Assert.Equal(DecodeStatus.Ok, other.Decode(batch));
            numPauses++;
        }

        Assert.Equal(DecodeStatus.Ok, status);
        Assert.False(_context.IsComputing);
        Assert.True(numPauses >= 2, $"It paused {numPauses} times.");
        Assert.Equal(Save(whole), Save(_context.Context));
    }

    [Fact]
    public void Advance_TimeEnough_DoesNotPause()
    {
        Fill(_context.Batch, 0, NumTokens, seed: 1);
        Assert.Equal(DecodeStatus.Ok, _context.Advance(TimeSpan.FromMinutes(1)));
        Assert.Equal(NumTokens - 1, _context.Context.PositionMax(0));
    }

    [Fact]
    public void Advance_BatchAfterBatch_ContinuesTheSequence()
    {
        Fill(_context.Batch, 0, 100, seed: 1);
        Run();
        Fill(_context.Batch, 100, 100, seed: 1);
        Run();

        Assert.Equal((0, 199), (_context.Context.PositionMin(0), _context.Context.PositionMax(0)));
    }

    [Fact]
    public void Advance_PositionThatDoesNotContinue_IsInvalidAndTheNextBatchRuns()
    {
        Fill(_context.Batch, 0, 10, seed: 1);
        Run();
        Fill(_context.Batch, 50, 10, seed: 1);
        Assert.Equal(DecodeStatus.InvalidBatch, _context.Advance(TimeSpan.FromMinutes(1)));
        Fill(_context.Batch, 10, 10, seed: 1);
        Run();
    }

    [Fact]
    public void Cancel_WhilePaused_LeavesAContextThatComputesTheNextBatch()
    {
        using var whole = _model.CreateContext(Settings, out _)!;
        using var batch = new NativeBatch(256);
        Fill(batch, 0, NumTokens, seed: 3);
        Assert.Equal(DecodeStatus.Ok, whole.Decode(batch));

        Fill(_context.Batch, 0, NumTokens, seed: 1);
        Assert.Null(_context.Advance(TimeSpan.Zero));
        _context.Cancel();
        Assert.False(_context.IsComputing);
        _context.Cancel();
        _context.Context.Clear();
        Fill(_context.Batch, 0, NumTokens, seed: 3);
        Run();

        Assert.Equal(Save(whole), Save(_context.Context));
    }

    [Fact]
    public void Dispose_WhilePaused_FreesEverything()
    {
        var before = NativeHandleCount.Live;
        var context = _model.CreatePausableContext(Settings, out _)!;
        Fill(context.Batch, 0, NumTokens, seed: 1);
        Assert.Null(context.Advance(TimeSpan.Zero));
        Assert.True(NativeHandleCount.Live > before);

        context.Dispose();

        Assert.Equal(before, NativeHandleCount.Live);
    }

    [Fact]
    public void Advance_AgainAndAgain_AllocatesNothing()
    {
        var before = 0L;
        for (var round = 0; round < 40; round++)
        {
            // The first rounds compile.
            before = round == 20 ? GC.GetAllocatedBytesForCurrentThread() : before;
            _context.Context.Clear();
            Fill(_context.Batch, 0, 50, seed: 1);
            while (_context.Advance(TimeSpan.Zero) is null)
            {
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Fill(NativeBatch batch, int start, int count, int seed)
    {
        batch.Clear();
        for (var position = start; position < start + count; position++)
        {
            batch.Add('a' + (((position * 7) + (seed * 13)) % 26), position, 0, wantsLogits: false);
        }
    }

    private static byte[] Save(ContextHandle context)
    {
        var state = new byte[context.SequenceStateSize(0)];
        Assert.Equal(state.Length, context.SaveSequence(0, state));
        return state;
    }

    private void Run()
    {
        DecodeStatus? status;
        while ((status = _context.Advance(TimeSpan.Zero)) is null)
        {
        }

        Assert.Equal(DecodeStatus.Ok, status);
    }
}
