using InferenceServer.Inference;
using InferenceServer.Inference.Cache.Disk;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Integration.Tests.Engine;

/// <summary>The real engine on the real library over a tiny model. Disposing it checks the books against the library.</summary>
internal sealed class TinyEngine : IAsyncDisposable
{
    private readonly string _folder;
    private readonly InferenceOptions _options;
    private readonly CacheOptions _cache;
    private long _nextId;
    private long _checksBefore;
    private long _diskTokensBefore;

    private TinyEngine(string folder, InferenceOptions options, CacheOptions cache)
    {
        _folder = folder;
        _options = options;
        _cache = cache;
        Engine = Create();
    }

    public InferenceEngine Engine { get; private set; }

    /// <summary>As of the next start.</summary>
    public InferenceOptions Options => _options;

    /// <summary>The id of the newest request.</summary>
    public long LastId => Interlocked.Read(ref _nextId);

    /// <summary>The model's file.</summary>
    public string ModelPath => _options.ModelPath;

    /// <summary>Where prefixes on disk are, if they are.</summary>
    public string DiskPath => Path.Combine(_folder, "disk");

    /// <summary>Bytes of the model's file.</summary>
    public long ModelSize => new FileInfo(ModelPath).Length;

    public static async Task<TinyEngine> StartAsync(
        KvCacheType kvType = KvCacheType.Q8_0, TinyArchitecture architecture = TinyArchitecture.Llama, int context = 2048, int parallel = 4, int maxWaiting = 64, int keepWarmSeconds = 0, Action<GgufWriter>? change = null,
        int? cacheMemory = null, bool disk = false, int? diskWritesPerDay = null, bool mLock = false, Func<double?>? availableMemory = null)
    {
        var folder = Directory.CreateTempSubdirectory("tiny-engine-").FullName;
        var path = Path.Combine(folder, "tiny.gguf");
        var model = TinyModel.Create(new TinyModelOptions { Architecture = architecture });
        change?.Invoke(model);
        model.WriteTo(path);
        var options = new InferenceOptions
        {
            ModelPath = path,
            Context = context,
            Parallel = parallel,
            KvCacheType = kvType,
            MaxWaiting = maxWaiting,
            Threads = 1,
            MLock = mLock,
            Residency = new ResidencyOptions { KeepWarmSeconds = keepWarmSeconds },
            AlwaysSlices = true,
        };
        var cache = new CacheOptions
        {
            MemoryLimit = cacheMemory,
            DiskPath = disk ? Path.Combine(folder, "disk") : null,
            DiskWritesPerDay = diskWritesPerDay ?? new CacheOptions().DiskWritesPerDay,
            Rule = new WriteRule { MinLongTokens = 256, MinLongMs = 0, MinAgainMs = 0, MinMsPerMiB = 0 }, // nothing is dear to compute here
        };
        if (availableMemory is not null)
        {
            (cache.AvailableMemory, cache.MemoryInterval) = (availableMemory, TimeSpan.FromMilliseconds(20));
        }

        var tiny = new TinyEngine(folder, options, cache);
        await tiny.LoadAsync();
        return tiny;
    }

    /// <summary>With the embedded chat model, which is not tiny, and prefixes on disk by the rule of every server.</summary>
    public static async Task<TinyEngine> StartChatModelAsync(int context)
    {
        var folder = Directory.CreateTempSubdirectory("tiny-engine-").FullName;
        var options = new InferenceOptions { ModelPath = RepositoryFiles.ChatModel, Context = context, Parallel = 4, KvCacheType = KvCacheType.Q8_0, AlwaysSlices = true };
        var model = new TinyEngine(folder, options, new CacheOptions { DiskPath = Path.Combine(folder, "disk") });
        await model.LoadAsync();
        return model;
    }

    /// <summary>Ends the engine and starts another one over the same files.</summary>
    public async Task RestartAsync(Action? between = null)
    {
        await WaitUntilIdleAsync();
        await WaitUntilWrittenAsync();
        await Engine.DisposeAsync();
        between?.Invoke();
        _checksBefore = 0;
        Engine = Create();
        await LoadAsync();
    }

    public static int[] Tokens(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next('a', 'z' + 1))];
    }

    public GenerationRequest Request(int[] prompt, int maxOutput = 16, long seed = 1, float temperature = 0, bool reuse = true) => new()
    {
        Id = Interlocked.Increment(ref _nextId),
        PromptTokens = prompt,
        MaxOutputTokens = maxOutput,
        IgnoreEos = true,
        ReusePrefix = reuse,
        Sampling = new SamplingParams { Temperature = temperature, Seed = seed },
    };

    public GenerationStream Submit(GenerationRequest request)
    {
        _checksBefore = Engine.Stats.NumBookChecks;
        var result = Engine.Submit(request);
        Assert.Equal(SubmitStatus.Accepted, result.Status);
        return result.Stream!;
    }

    public Task<Outcome> RunAsync(GenerationRequest request) => ReadAsync(Submit(request));

    public static async Task<Outcome> ReadAsync(GenerationStream stream)
    {
        var tokens = new List<int>();
        var cached = -1;
        while (await stream.WaitToReadAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(60)))
        {
            while (stream.TryRead(out var item))
            {
                switch (item.Kind)
                {
                    case GenerationEventKind.Started:
                        Assert.Equal(-1, cached);
                        cached = item.NumCachedTokens;
                        break;
                    case GenerationEventKind.Token:
                        Assert.Equal(tokens.Count, item.OutputIndex);
                        tokens.Add(item.TokenId);
                        break;
                    default:
                        Assert.False(await stream.WaitToReadAsync(CancellationToken.None));
                        return new Outcome([.. tokens], cached, item.Reason, item.MatchedStop);
                }
            }
        }

        throw new InvalidOperationException("The stream ended without a Finished event.");
    }

    /// <summary>Waits until nothing runs, what is to be kept was copied out, and the books have been compared with the library's memory.</summary>
    public async Task<EngineStats> WaitUntilIdleAsync()
    {
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while ((Engine.Stats is not { NumRunning: 0, NumWaiting: 0, NumQueued: 0, NumUsedCells: 0 } || Engine.Stats.NumBookChecks <= _checksBefore) && DateTime.UtcNow < deadline)
        {
            await Task.Delay(5);
        }

        var stats = Engine.Stats;
        Assert.Equal((0, 0, 0, 0), (stats.NumRunning, stats.NumWaiting, stats.NumQueued, stats.NumUsedCells));
        Assert.Equal(0, stats.NumBookErrors);
        return stats;
    }

    public async ValueTask DisposeAsync()
    {
        if (Engine.State == EngineState.Ready)
        {
            Assert.True((await WaitUntilIdleAsync()).NumBookChecks > 0);
        }

        await Engine.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private InferenceEngine Create() => new(_options, _options.ModelPath, NullLoggerFactory.Instance, cache: _cache);

    private async Task LoadAsync()
    {
        await Engine.StartAsync(null);
        Assert.Null(Engine.Failure);
        Assert.Equal(EngineState.Ready, Engine.State);
        _diskTokensBefore = Engine.Stats.Disk.NumTokens;
    }

    // An engine that ends writes for some seconds only, which may not do on a machine that is busy with other tests.
    private async Task WaitUntilWrittenAsync()
    {
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while (Engine.Stats.Disk is var disk && disk.NumWrittenTokens < disk.NumTokens - _diskTokensBefore && DateTime.UtcNow < deadline)
        {
            await Task.Delay(5);
        }
    }

    internal sealed record Outcome(int[] Tokens, int NumCachedTokens, FinishReason Reason, string? MatchedStop);
}
