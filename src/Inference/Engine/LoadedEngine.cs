using System.Collections.Frozen;
using System.Diagnostics;
using System.Text;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Cache.Disk;
using InferenceServer.Inference.Grammar.Tokens;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Inference.Native;
using InferenceServer.Inference.Scheduling;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Engine;

/// <summary>A model in memory with its context, tokenizer and loop, warmed up. Made, stepped and disposed by the engine thread.</summary>
internal sealed class LoadedEngine : IDisposable
{
    // For the first use of the tokenizer, which is slower than any other.
    private static readonly PromptText AnyPrompt = new([new PromptSegment("\n", FromTemplate: true), new PromptSegment("Hello, world.", FromTemplate: false)]);

    // For the list of files on disk: a cold one of twenty thousand takes a few seconds; what is not known by then is known later.
    private static readonly TimeSpan ScanPatience = TimeSpan.FromSeconds(5);

    private readonly LoadedModel _model;
    private readonly LlamaModelRunner _runner;
    private readonly DiskTier? _disk;
    private readonly MemoryWatch? _memory;
    private readonly Lazy<GrammarVocabulary> _grammars;

    private LoadedEngine(LoadedModel model, LlamaModelRunner runner, DiskTier? disk, MemoryWatch? memory, EngineLoop loop, Tokenizer tokenizer)
    {
        _model = model;
        _runner = runner;
        _disk = disk;
        _memory = memory;
        Loop = loop;
        Tokenizer = tokenizer;
        _grammars = new Lazy<GrammarVocabulary>(() => GrammarVocabulary.Of(model.Vocabulary));
        ControlTokens = NameControlTokens(model.Vocabulary);
    }

    /// <summary>The loop; engine thread only.</summary>
    public EngineLoop Loop { get; }

    /// <summary>Text to tokens; any thread.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The model's vocabulary; any thread.</summary>
    public Vocabulary Vocabulary => _model.Vocabulary;

    /// <summary>What grammars need of the vocabulary; the first use takes some 100 ms. Any thread.</summary>
    public GrammarVocabulary Grammars => _grammars.Value;

    /// <inheritdoc cref="IInferenceEngine.ControlTokens"/>
    public FrozenDictionary<string, bool> ControlTokens { get; }

    /// <summary>Tokens of one sequence at most.</summary>
    public int MaxSequenceTokens => _runner.Info.MaxSequenceTokens;

    /// <summary>
    /// Loads what the options name. Throws <see cref="EngineLoadException"/> with a line for the operator, or
    /// <see cref="OperationCanceledException"/>.
    /// </summary>
    public static LoadedEngine Load(
        InferenceOptions options,
        CacheOptions cache,
        string modelPath,
        CommandQueue commands,
        StepReportQueue reports,
        DeviceTurns turns,
        ILoggerFactory loggers,
        Action<float>? progress,
        EngineOutlet? outlet,
        CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var logger = loggers.CreateLogger<InferenceEngine>();
        var model = LoadModel(options, modelPath, loggers, progress, cancellationToken);
        LlamaModelRunner? runner = null;
        DiskTier? disk = null;
        MemoryWatch? memory = null;
        Tokenizer? tokenizer = null;
        try
        {
            var sharesPrefixes = !model.IsRecurrent && !model.IsHybrid;
            var usesGpu = UsesGpu(options);
            var threads = options.Threads ?? ProcessorCores.Count();
            var settings = EngineContext.Create(options.Context, options.Parallel, options.KvCacheType, sharesPrefixes, model.SlidingWindow > 0, threads) with { KeepsThreads = !usesGpu };
            runner = LlamaModelRunner.Create(model, settings, GetFingerprint(modelPath, options), EngineContext.CountSlicedTokens(options));
            if (runner.PrefillFailure is { } failure)
            {
                EngineLog.NoSlices(logger, failure);
            }

            var store = runner.Info.CanSavePrefixes && (cache.MemoryBytes > 0 || cache.Disk is not null) ? new PrefixStore(runner.Info.Fingerprint, cache.MemoryBytes) : null;
            disk = store is not null && cache.Disk is { } diskOptions
                ? new DiskTier(diskOptions, runner.Info.Fingerprint, TimeProvider.System, loggers.CreateLogger<DiskTier>(), commands.Wake)
                : null;
            memory = store is null || cache.MemoryBytes == 0 ? null : new MemoryWatch(store, cache, commands.Wake);
            var limits = new SchedulerLimits
            {
                MaxBatchTokens = runner.Info.MaxBatchTokens,
                MaxSequences = options.Parallel,
                MaxOutputs = runner.Info.MaxOutputs,
                MaxSequenceTokens = runner.Info.MaxSequenceTokens,
                MaxSlicedTokens = runner.Info.MaxSlicedTokens,
                AlwaysSlices = options.AlwaysSlices,
                InterTokenTargetMs = options.InterTokenTargetMs,
                PrefillTile = usesGpu ? 32 : 8,
                EvictsIdleCells = !usesGpu,
            };
            var keepWarm = options.Residency.KeepWarmSeconds;
            var loop = new EngineLoop(runner, model.Vocabulary, commands, limits, turns, logger, store, disk)
            {
                Memory = memory,
                KeepWarmInterval = keepWarm == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(keepWarm),
                Flush = outlet?.Flush,
            };
            tokenizer = model.CreateTokenizer(options.EscapeControlTokens);
            var encoding = tokenizer.EncodeAsync(AnyPrompt, cancellationToken).AsTask();
            var numWarmUpSteps = WarmUp(loop, model.Vocabulary, commands);
            encoding.Wait(cancellationToken);
            disk?.WaitForScan(ScanPatience);
            loop.StartReporting(reports);
            EngineLog.Loaded(
                logger,
                Path.GetFileName(modelPath),
                Stopwatch.GetElapsedTime(start).TotalSeconds,
                numWarmUpSteps,
                runner.Info.NumCells,
                options.KvCacheType,
                limits.MaxSequences,
                limits.MaxBatchTokens,
                limits.MaxSequenceTokens,
                limits.MaxSlicedTokens);
            return new LoadedEngine(model, runner, disk, memory, loop, tokenizer);
        }
        catch
        {
            tokenizer?.Dispose();
            memory?.Dispose();
            disk?.Dispose();
            runner?.Dispose();
            model.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Tokenizer.Dispose();
        _memory?.Dispose();
        _disk?.Dispose();
        _runner.Dispose();
        _model.Dispose();
    }

    /// <summary>
    /// Brings a model's weights to the devices that the options name. Throws <see cref="EngineLoadException"/> or
    /// <see cref="OperationCanceledException"/>.
    /// </summary>
    internal static LoadedModel LoadModel(
        InferenceOptions options, string modelPath, ILoggerFactory loggers, Action<float>? progress, CancellationToken cancellationToken)
    {
        DeviceSelection devices;
        try
        {
            var folder = NativeLibraries.Load(folder: null, loggers.CreateLogger("llama.cpp"));
            devices = DeviceSelection.Select(options.Device, folder.GpuKinds, ComputeDevice.Enumerate());
        }
        catch (NativeLibraryException exception)
        {
            throw new EngineLoadException(exception.Message, exception);
        }

        if (devices.Refusal is { } refusal)
        {
            throw new EngineLoadException(refusal);
        }

        var result = LoadedModel.Load(
            new ModelLoadSettings { Path = modelPath, GpuLayers = options.GpuLayers, Devices = devices.Devices, MLock = options.MLock, Progress = progress },
            cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return result.Model ?? throw new EngineLoadException($"The model {modelPath} could not be loaded: {result.Detail}.");
    }

    private static FrozenDictionary<string, bool> NameControlTokens(Vocabulary vocabulary)
    {
        var names = new Dictionary<string, bool>(StringComparer.Ordinal);
        for (var token = 0; token < vocabulary.Count; token++)
        {
            if (vocabulary.IsControl(token))
            {
                names.TryAdd(Encoding.UTF8.GetString(vocabulary.GetBytes(token).Span), vocabulary.IsEndOfGeneration(token));
            }
        }

        return names.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static bool UsesGpu(InferenceOptions options) =>
        options.GpuLayers != 0
        && !string.Equals(options.Device, DeviceSelection.Cpu, StringComparison.OrdinalIgnoreCase)
        && ComputeDevice.Enumerate().Any(device => device.IsGpu);

    private static string GetFingerprint(string modelPath, InferenceOptions options) =>
        new PrefixFingerprint(ModelIdentity.Of(modelPath), options.KvCacheType, options.Device, options.GpuLayers, NativeLibraries.Version, SpanFile.Version).Text;

    // The first steps page the weights in and allocate the device's buffers; they also teach the loop what a step costs. Returns how many they were.
    private static long WarmUp(EngineLoop loop, Vocabulary vocabulary, CommandQueue commands)
    {
        foreach (var numPromptTokens in (ReadOnlySpan<int>)[1, 64, 16])
        {
            commands.TrySubmit(Generation.ForNobody(vocabulary, numPromptTokens, maxOutputTokens: 3));
            do
            {
                loop.Step();
            }
            while (loop.HasWork);
        }

        return loop.GetStats().NumSteps;
    }
}
