using System.Diagnostics.Metrics;
using System.Globalization;
using InferenceServer.Inference;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;
using InferenceServer.Telemetry.Metrics;

namespace InferenceServer.Server.Measuring;

/// <summary>
/// The server's meter: requests as clients see them. Names that begin with <c>gen_ai.</c> are OpenTelemetry's (semantic conventions for
/// generative AI, status Development), the others are ours. Labels come from short lists, never from a request's text. Any thread.
/// </summary>
internal sealed class ServerInstruments
{
    private const string Provider = "inference_server";

    private static readonly string[] Statuses = [.. Enumerable.Range(0, 600).Select(status => status.ToString(CultureInfo.InvariantCulture))];

    private readonly string _model;
    private readonly Counter<long> _httpRequests;
    private readonly Counter<long> _finished;
    private readonly Counter<long> _refused;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _perToken;
    private readonly Histogram<long> _tokens;
    private readonly Histogram<double> _gap;
    private readonly Histogram<double> _queue;
    private readonly Histogram<double> _prefill;
    private readonly Histogram<double> _decode;
    private readonly Histogram<double> _compile;

    /// <param name="meters">Makes the meter.</param>
    /// <param name="model">Whose name goes into <c>gen_ai.response.model</c>: the operator's, whatever the client called it.</param>
    /// <param name="gate">How full the server is.</param>
    /// <param name="settings">For the target of pauses.</param>
    public ServerInstruments(IMeterFactory meters, ServedModel model, AdmissionGate gate, Settings settings)
    {
        _model = model.Id;
        var meter = meters.Create(MeterNames.Server);
        _httpRequests = meter.CreateCounter<long>("http.requests", "{request}", "HTTP requests answered, by status.");
        _finished = meter.CreateCounter<long>("inference.requests.finished", "{request}", "Answers that ended, by reason; a request for several answers counts for each.");
        _refused = meter.CreateCounter<long>("inference.requests.refused", "{request}", "HTTP requests answered with an error, by its reason.");
        _duration = meter.CreateHistogram("gen_ai.server.request.duration", "s", "Duration of requests for text or embeddings, from arrival to the last byte.", advice: Buckets.Request);
        _firstToken = meter.CreateHistogram("gen_ai.server.time_to_first_token", "s", "From arrival until the first token was handed to the client's socket.", advice: Buckets.FirstToken);
        _perToken = meter.CreateHistogram("gen_ai.server.time_per_output_token", "s", "Mean time per token of an answer, the first one apart.", advice: Buckets.NextToken);
        _tokens = meter.CreateHistogram("gen_ai.client.token.usage", "{token}", "Tokens of requests, input and output.", advice: Buckets.Tokens);
        _gap = meter.CreateHistogram("inference.inter_token.gap", "s", "Pauses of streams: from one portion of tokens to the next, as handed to the client's socket.", advice: Buckets.NextToken);
        _queue = meter.CreateHistogram("inference.request.queue.duration", "s", "From submission until a request got its place.", advice: Buckets.FirstToken);
        _prefill = meter.CreateHistogram("inference.request.prefill.duration", "s", "From its place until the first token.", advice: Buckets.FirstToken);
        _decode = meter.CreateHistogram("inference.request.decode.duration", "s", "From the first token to the end.", advice: Buckets.Request);
        _compile = meter.CreateHistogram("inference.grammar.compile.duration", "s", "Time to compile a grammar: JSON Schema, regular expression or GBNF.", advice: Buckets.FirstToken);
        var target = (settings.Inference.InterTokenTargetMs ?? InferenceOptions.DefaultInterTokenTargetMs) / 1000.0;
        meter.CreateObservableGauge("inference.inter_token.target", () => target, "s", "What pauses of streams should stay under; unless it was set, four decode steps count too, if longer.");
        meter.CreateObservableGauge("inference.admission.taken", () => gate.NumTaken, "{request}", "Answers under way, from admission to their last byte.");
        meter.CreateObservableGauge("inference.admission.capacity", () => gate.Capacity, "{request}", "Answers that may be under way; more are refused with 429.");
    }

    /// <summary>An HTTP request was answered.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="error">Why it was refused; null if it was not.</param>
    public void RecordHttp(int status, RequestError? error)
    {
        _httpRequests.Add(1, new KeyValuePair<string, object?>("status", Statuses[Math.Clamp(status, 0, Statuses.Length - 1)]));
        if (error is not null)
        {
            _refused.Add(1, new KeyValuePair<string, object?>("reason", error.Reason));
        }
    }

    /// <summary>A grammar was compiled, or found to be none, in so much time.</summary>
    public void RecordCompile(TimeSpan duration) => _compile.Record(duration.TotalSeconds);

    /// <summary>Labels that all metrics of an operation have; made once per request.</summary>
    /// <param name="operation">In OpenTelemetry's words: <c>chat</c>, <c>text_completion</c>.</param>
    /// <param name="error">In a word; null if there was none.</param>
    public KeyValuePair<string, object?>[] TagsOf(string operation, string? error = null)
    {
        var tags = Tags(operation, _model);
        return error is null ? tags : [.. tags, new("error.type", error)];
    }

    /// <summary>Texts were turned into vectors, or scored, in so many seconds after their admission.</summary>
    public void RecordEmbedding(double seconds, long numTokens, string model)
    {
        var tags = Tags("embeddings", model);
        RecordRequest(seconds, tags);
        RecordTokens(numTokens, null, tags);
    }

    /// <summary>The first token of an answer was handed over.</summary>
    public void RecordFirstToken(double seconds, ReadOnlySpan<KeyValuePair<string, object?>> tags) => _firstToken.Record(seconds, tags);

    /// <summary>Another portion of a stream was handed over.</summary>
    public void RecordGap(double seconds) => _gap.Record(seconds);

    /// <summary>A request ended, whatever way.</summary>
    public void RecordRequest(double seconds, ReadOnlySpan<KeyValuePair<string, object?>> tags) => _duration.Record(seconds, tags);

    /// <summary>Tokens of a request.</summary>
    public void RecordTokens(long input, long? output, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        _tokens.Record(input, [.. tags, new("gen_ai.token.type", "input")]);
        if (output is { } generated)
        {
            _tokens.Record(generated, [.. tags, new("gen_ai.token.type", "output")]);
        }
    }

    /// <summary>An answer ended. Parts of its time that it did not live to see are null.</summary>
    public void RecordAnswer(FinishReason reason, in AnswerTimes times, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        _finished.Add(1, new KeyValuePair<string, object?>("reason", WireWords.ForLog(reason)));
        Record(_queue, times.Queue);
        Record(_prefill, times.Prefill);
        Record(_decode, times.Decode);
        if (times.PerToken is { } perToken)
        {
            _perToken.Record(perToken, tags);
        }
    }

    private static KeyValuePair<string, object?>[] Tags(string operation, string model) =>
        [new("gen_ai.operation.name", operation), new("gen_ai.provider.name", Provider), new("gen_ai.response.model", model)];

    private static void Record(Histogram<double> histogram, double? seconds)
    {
        if (seconds is { } value)
        {
            histogram.Record(value);
        }
    }
}

/// <summary>Where an answer's time went, in seconds; disjoint. Null where it ended before.</summary>
/// <param name="Queue">Until it got its place.</param>
/// <param name="Prefill">From there to the first token.</param>
/// <param name="Decode">From there to the end.</param>
/// <param name="PerToken">Mean time per token after the first.</param>
internal readonly record struct AnswerTimes(double? Queue, double? Prefill, double? Decode, double? PerToken);
