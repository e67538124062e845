using System.Diagnostics.Metrics;
using InferenceServer.Inference;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Hosting;
using InferenceServer.Telemetry.Metrics;

namespace InferenceServer.Server.Measuring;

/// <summary>
/// vLLM's names (vllm/v1/metrics/loggers.py) for what it and we both have, with its labels and buckets, so that gateways and dashboards made for it work
/// here. The exporter puts <c>vllm:</c> in front. Any thread.
/// </summary>
internal sealed class VllmInstruments
{
    private readonly KeyValuePair<string, object?>[] _labels;
    private readonly Dictionary<FinishReason, KeyValuePair<string, object?>[]> _reasons;
    private readonly Counter<long> _success;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _interToken;
    private readonly Histogram<double> _endToEnd;
    private readonly Histogram<double> _queue;
    private readonly Histogram<double> _prefill;
    private readonly Histogram<double> _decode;
    private readonly Histogram<long> _promptTokens;
    private readonly Histogram<long> _generationTokens;
    private readonly Histogram<long> _maxGenerationTokens;

    /// <param name="meters">Makes the meter.</param>
    /// <param name="model">For the label <c>model_name</c>.</param>
    /// <param name="engine">For gauges.</param>
    /// <param name="totals">For counters.</param>
    /// <param name="settings">For <c>cache_config_info</c>.</param>
    public VllmInstruments(IMeterFactory meters, ServedModel model, IInferenceEngine engine, EngineInstruments totals, Settings settings)
    {
        _labels = [new("model_name", model.Id), new("engine", "0")];
        _reasons = Enum.GetValues<FinishReason>().ToDictionary(reason => reason, reason => With("finished_reason", WordOf(reason)));
        var meter = meters.Create(MeterNames.Vllm);
        var tokenBounds = Buckets.VllmTokens(model.ContextLength);
        _success = meter.CreateCounter<long>("request_success", null, "Answers that ended, by reason.");
        _firstToken = meter.CreateHistogram("time_to_first_token", "s", "From arrival until the first token was handed to the client's socket.", advice: Buckets.FirstToken);
        _interToken = meter.CreateHistogram("inter_token_latency", "s", "From one portion of tokens to the next.", advice: Buckets.VllmNextToken);
        _endToEnd = meter.CreateHistogram("e2e_request_latency", "s", "From arrival to the end.", advice: Buckets.VllmRequest);
        _queue = meter.CreateHistogram("request_queue_time", "s", "From submission until a request got its place.", advice: Buckets.VllmRequest);
        _prefill = meter.CreateHistogram("request_prefill_time", "s", "From its place until the first token.", advice: Buckets.VllmRequest);
        _decode = meter.CreateHistogram("request_decode_time", "s", "From the first token to the end.", advice: Buckets.VllmRequest);
        _promptTokens = meter.CreateHistogram("request_prompt_tokens", null, "Prompt tokens of requests.", advice: tokenBounds);
        _generationTokens = meter.CreateHistogram("request_generation_tokens", null, "Tokens generated for an answer.", advice: tokenBounds);
        _maxGenerationTokens = meter.CreateHistogram("request_max_num_generation_tokens", null, "Tokens of a request's longest answer.", advice: tokenBounds);

        Gauge("num_requests_running", "Sequences that compute.", stats => stats.NumRunning);
        Gauge("num_requests_waiting", "Sequences that wait.", stats => stats.NumWaiting + stats.NumQueued);
        meter.CreateObservableGauge("num_requests_waiting_by_reason", () => ReadWaiting(engine.Stats), null, "Sequences that wait, for room or for another.");
        meter.CreateObservableGauge("kv_cache_usage_perc", () => Read(ShareOf(engine.Stats)), null, "KV cells that running sequences hold, 1 being all.");
        meter.CreateObservableGauge("cache_config_info", () => ReadConfiguration(engine.Stats, settings.Inference), null, "The KV cache, in the labels.");
        Counter("prompt_tokens", "Prompt tokens of admitted requests.", stats => stats.NumPromptTokens);
        Counter("generation_tokens", "Tokens generated.", stats => stats.NumOutputTokens);
        Counter("prefix_cache_queries", "Prompt tokens looked for in the prefix cache.", stats => stats.NumQueriedTokens);
        Counter("prefix_cache_hits", "Of them, those it had.", stats => stats.NumCachedTokens);
        Counter("num_preemptions", "Sequences that lost their cells to another.", stats => stats.NumPreemptions);

        void Gauge(string name, string description, Func<EngineStats, int> read) =>
            meter.CreateObservableGauge(name, () => Read(read(engine.Stats)), null, description);

        void Counter(string name, string description, Func<EngineStats, long> read) =>
            meter.CreateObservableCounter(name, () => Read(read(totals.Update())), null, description);
    }

    /// <summary>The first token of an answer was handed over.</summary>
    public void RecordFirstToken(double seconds) => _firstToken.Record(seconds, _labels);

    /// <summary>Another portion of a stream was handed over.</summary>
    public void RecordGap(double seconds) => _interToken.Record(seconds, _labels);

    /// <summary>An answer ended.</summary>
    public void RecordAnswer(FinishReason reason, double seconds, long numPromptTokens, long numTokens, in AnswerTimes times)
    {
        _success.Add(1, _reasons[reason]);
        _endToEnd.Record(seconds, _labels);
        _promptTokens.Record(numPromptTokens, _labels);
        _generationTokens.Record(numTokens, _labels);
        Record(_queue, times.Queue);
        Record(_prefill, times.Prefill);
        Record(_decode, times.Decode);
    }

    /// <summary>All answers of a request ended; the longest had so many tokens.</summary>
    public void RecordLongest(long numTokens) => _maxGenerationTokens.Record(numTokens, _labels);

    private static string WordOf(FinishReason reason) => reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        FinishReason.Aborted => "abort",
        _ => "error",
    };

    private static double ShareOf(EngineStats stats) => stats.NumCells == 0 ? 0 : (double)stats.NumUsedCells / stats.NumCells;

    private KeyValuePair<string, object?>[] With(string key, string value) => [.. _labels, new(key, value)];

    private Measurement<T> Read<T>(T value)
        where T : struct => new(value, _labels);

    private Measurement<int>[] ReadWaiting(EngineStats stats)
    {
        var waiting = stats.NumWaiting + stats.NumQueued;
        var deferred = Math.Min(stats.NumDeferred, waiting);
        return [new(waiting - deferred, With("reason", "capacity")), new(deferred, With("reason", "deferred"))];
    }

    // Our cells are blocks of one token.
    private Measurement<int> ReadConfiguration(EngineStats stats, InferenceOptions options) => new(
        1,
        [
            .. _labels,
            new("block_size", "1"),
            new("num_gpu_blocks", (stats.NumCells > 0 ? stats.NumCells : options.Context).ToString(System.Globalization.CultureInfo.InvariantCulture)),
            new("cache_dtype", options.KvCacheType.ToString().ToLowerInvariant()),
            new("enable_prefix_caching", "True"),
        ]);

    private void Record(Histogram<double> histogram, double? seconds)
    {
        if (seconds is { } value)
        {
            histogram.Record(value, _labels);
        }
    }
}
