using System.Numerics.Tensors;
using System.Text;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;
using InferenceServer.Integration.Tests.Native;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Integration.Tests.Models;

[Collection(NativeAloneCollection.Name)]
public sealed class LoadedModelTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("model-test-");
    private readonly int _liveBefore = NativeHandleCount.Live;

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        NativeLog.Logger = NullLogger.Instance;
        Assert.Equal(_liveBefore, NativeHandleCount.Live);
    }

    [Fact]
    public void Load_EmbeddedChatModel_ContinuesGreedily()
    {
        var shares = new List<float>();
        using var model = VocabularyFixture.Load(new ModelLoadSettings { Path = RepositoryFiles.ChatModel, Progress = shares.Add });
        using var context = model.CreateContext(new ContextSettings { NumCells = 512, MaxSequences = 4, MaxOutputs = 4, Threads = 2 }, out var failure);
        Assert.Null(failure);
        using var batch = new NativeBatch(16);
        var prompt = new PromptEncoder(model.NativeVocabulary, model.Vocabulary, escapeControlTokens: true)
            .Encode(PromptText.Trusted("The capital of France is"), CancellationToken.None).ToArray();
        for (var position = 0; position < prompt.Length; position++)
        {
            batch.Add(prompt[position], position, 0, wantsLogits: position == prompt.Length - 1);
        }

        Assert.Equal(DecodeStatus.Ok, context!.Decode(batch));
        var token = TensorPrimitives.IndexOfMax(context.GetLogits(prompt.Length - 1));

        Assert.Equal(" Paris", Encoding.UTF8.GetString(model.Vocabulary.GetBytes(token).Span));
        Assert.Equal(8192, model.NumContextTrain);
        Assert.Equal(30, model.NumLayers);
        Assert.Equal(576, model.EmbeddingLength);
        Assert.Equal(0, model.SlidingWindow);
        Assert.Equal(134_515_008, model.NumParameters);
        Assert.InRange(model.SizeInBytes, 80_000_000, 100_000_000);
        Assert.Contains("Q4_1", model.Description, StringComparison.Ordinal);
        Assert.True(model.HasDecoder);
        Assert.False(model.HasEncoder || model.IsRecurrent || model.IsHybrid || model.IsDiffusion);
        Assert.Equal(0f, shares[0]);
        Assert.Equal(1f, shares[^1]);
        Assert.Equal(shares.Order(), shares);
    }

    [Theory]
    [InlineData(TinyArchitecture.Llama, 0, false)]
    [InlineData(TinyArchitecture.SlidingWindow, 128, false)]
    [InlineData(TinyArchitecture.Recurrent, 0, true)]
    internal void Load_TinyModel_KnowsItsKind(TinyArchitecture architecture, int window, bool isRecurrent)
    {
        using var model = VocabularyFixture.Load(new ModelLoadSettings { Path = WriteTiny(architecture) });
        Assert.Equal(window, model.SlidingWindow);
        Assert.Equal(isRecurrent, model.IsRecurrent);
        Assert.Equal(TinyModel.VocabularySize, model.Vocabulary.Count);
        Assert.Equal(new byte[] { 200 }, model.Vocabulary.GetBytes(200).ToArray());
        Assert.Equal([TinyModel.Eos, TinyModel.ImEnd], model.Vocabulary.EndOfGeneration.AsEnumerable());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Load_FileThatIsNoModel_FailsWithTheLibrarysReason(bool exists)
    {
        var path = Path.Combine(_folder.FullName, "none.gguf");
        if (exists)
        {
            File.WriteAllText(path, "This is not a model.");
        }

        var result = LoadedModel.Load(new ModelLoadSettings { Path = path }, CancellationToken.None);
        Assert.Equal(ModelLoadStatus.Failed, result.Status);
        Assert.Null(result.Model);
        Assert.Contains("none.gguf", result.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', result.Detail!);
    }

    [Fact]
    public void Load_UnknownArchitecture_FailsWithTheLibrarysReason()
    {
        var path = Path.Combine(_folder.FullName, "other.gguf");
        TinyModel.Create(new TinyModelOptions()).Set("general.architecture", "nosuch").WriteTo(path);
        var result = LoadedModel.Load(new ModelLoadSettings { Path = path }, CancellationToken.None);
        Assert.Equal(ModelLoadStatus.Failed, result.Status);
        Assert.Contains("nosuch", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Shards_LoadsThemAll()
    {
        var first = TinyModel.Create(new TinyModelOptions()).WriteShards(_folder.FullName, "tiny", 3)[0];
        using var model = VocabularyFixture.Load(new ModelLoadSettings { Path = first });
        using var whole = VocabularyFixture.Load(new ModelLoadSettings { Path = WriteTiny(TinyArchitecture.Llama) });
        Assert.Equal(whole.SizeInBytes, model.SizeInBytes);
    }

    [Fact]
    public void Load_CancelledOnTheWay_Stops()
    {
        using var source = new CancellationTokenSource();
        var settings = new ModelLoadSettings { Path = RepositoryFiles.ChatModel, Progress = _ => source.Cancel() };
        var result = LoadedModel.Load(settings, source.Token);
        Assert.Equal(new ModelLoadResult(ModelLoadStatus.Cancelled, null, null), result);
    }

    [Fact]
    public void Load_ProgressThatThrows_LoadsAllTheSame()
    {
        using var model = VocabularyFixture.Load(new ModelLoadSettings
        {
            Path = WriteTiny(TinyArchitecture.Llama),
            Progress = _ => throw new InvalidOperationException("a broken progress bar"),
        });
        Assert.Equal(2, model.NumLayers);
    }

    [Fact]
    public void Load_AnyModel_LogsTheLibrarysLines()
    {
        var logger = new RecordingLogger();
        NativeLog.Logger = logger;
        using var model = VocabularyFixture.Load(new ModelLoadSettings { Path = WriteTiny(TinyArchitecture.Llama) });
        Assert.Contains(logger.Lines, line => line.Level == LogLevel.Debug && line.Text.Contains("general.name", StringComparison.Ordinal));
        Assert.DoesNotContain(logger.Lines, line => line.Text.Contains('\n', StringComparison.Ordinal));
    }

    [Fact]
    public void CreateContext_MoreSequencesThanTheLibraryHas_FailsWithTheLibrarysReason()
    {
        using var model = VocabularyFixture.Load(new ModelLoadSettings { Path = WriteTiny(TinyArchitecture.Llama) });
        var context = model.CreateContext(new ContextSettings { NumCells = 256, MaxSequences = 257, MaxOutputs = 1, Threads = 1 }, out var failure);
        Assert.Null(context);
        Assert.Contains("n_seq_max must be <= 256", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Dispose_ModelWithALiveContext_StaysUntilTheContextIsGone()
    {
        var model = VocabularyFixture.Load(new ModelLoadSettings { Path = WriteTiny(TinyArchitecture.Llama) });
        var context = model.CreateContext(new ContextSettings { NumCells = 256, MaxSequences = 1, MaxOutputs = 1, Threads = 1 }, out _)!;
        using var batch = new NativeBatch(1);
        model.Dispose();
        Assert.Equal(_liveBefore + 3, NativeHandleCount.Live);

        batch.Add(1, 0, 0, wantsLogits: true);
        Assert.Equal(DecodeStatus.Ok, context.Decode(batch));
        context.Dispose();
        Assert.Equal(_liveBefore + 1, NativeHandleCount.Live);
    }

    private string WriteTiny(TinyArchitecture architecture)
    {
        var path = Path.Combine(_folder.FullName, $"{architecture}.gguf");
        TinyModel.WriteTo(path, new TinyModelOptions { Architecture = architecture });
        return path;
    }

    private sealed class RecordingLogger : ILogger
    {
        public List<(LogLevel Level, string Text)> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add((logLevel, formatter(state, exception)));
    }
}
