using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace InferenceServer.Bench.Load;

/// <summary>
/// Sends chat completions to one OpenAI base URL and times what comes back, on raw HTTP so that no client library's work
/// is measured. Any number of calls at a time.
/// </summary>
internal sealed class LoadClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly Uri _completions;
    private readonly string _model;
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <param name="baseUrl">Ends in <c>/v1</c> as a rule.</param>
    /// <param name="model">Name sent with every request.</param>
    /// <param name="apiKey">Bearer key; null sends none.</param>
    public LoadClient(string baseUrl, string model, string? apiKey)
    {
        _http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue, UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
        if (apiKey is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        }

        _completions = new Uri(baseUrl.TrimEnd('/') + "/chat/completions");
        _model = model;
    }

    /// <summary>Seconds since the client was made: the clock of all results.</summary>
    public double Now => Stopwatch.GetElapsedTime(_start).TotalSeconds;

    /// <summary>Makes a call and reads its answer to the end. Only <paramref name="cancellationToken"/> makes it throw.</summary>
    /// <param name="call">What to ask.</param>
    /// <param name="onContent">Told after each portion of text; may be null.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public async Task<CallResult> SendAsync(ChatCall call, Action? onContent, CancellationToken cancellationToken)
    {
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (call.AbortAfter is { } after)
        {
            abort.CancelAfter(after);
        }

        var answer = new Answer(Now);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _completions) { Content = ToContent(call) };
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, abort.Token);
            answer.HttpStatus = (int)response.StatusCode;
            answer.HasRetryAfter = response.Headers.RetryAfter is not null;
            if (!response.IsSuccessStatusCode)
            {
                answer.Error = await response.Content.ReadAsStringAsync(abort.Token);
                return answer.End(response.StatusCode == HttpStatusCode.TooManyRequests ? CallOutcome.Refused : CallOutcome.Failed, Now);
            }

            await using var body = await response.Content.ReadAsStreamAsync(abort.Token);
            await ReadAsync(new SseReader(body, () => Now), answer, onContent, abort.Token);
            return answer.End(answer.Error is null ? CallOutcome.Completed : CallOutcome.Failed, Now);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return answer.End(CallOutcome.Aborted, Now);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException)
        {
            answer.Error = exception.Message;
            return answer.End(CallOutcome.Failed, Now);
        }
    }

    public void Dispose() => _http.Dispose();

    private static async Task ReadAsync(SseReader events, Answer answer, Action? onContent, CancellationToken cancellationToken)
    {
        while (await events.ReadAsync(cancellationToken))
        {
            if (events.Data.Span.SequenceEqual("[DONE]"u8))
            {
                return;
            }

            using var chunk = JsonDocument.Parse(events.Data);
            if (answer.Apply(chunk.RootElement, events.ReceivedAt))
            {
                onContent?.Invoke();
            }
        }

        answer.Error ??= "The stream ended without [DONE].";
    }

    private ByteArrayContent ToContent(ChatCall call)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("model"u8, _model);
            json.WriteStartArray("messages"u8);
            foreach (var message in call.Messages)
            {
                json.WriteStartObject();
                json.WriteString("role"u8, message.Role);
                json.WriteString("content"u8, message.Content);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNumber("max_tokens"u8, call.MaxTokens);
            json.WriteNumber("temperature"u8, call.Temperature);
            json.WriteNumber("seed"u8, call.Seed);
            json.WriteBoolean("ignore_eos"u8, call.Schema is null);
            WriteFormat(json, call.Schema);
            if (!call.ReusePrefix)
            {
                json.WriteBoolean("cache_prompt"u8, false);
            }

            json.WriteBoolean("stream"u8, true);
            json.WriteStartObject("stream_options"u8);
            json.WriteBoolean("include_usage"u8, true);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return new ByteArrayContent(bytes.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }

    private static void WriteFormat(Utf8JsonWriter json, string? schema)
    {
        if (schema is null)
        {
            return;
        }

        json.WriteStartObject("response_format"u8);
        json.WriteString("type"u8, "json_schema"u8);
        json.WriteStartObject("json_schema"u8);
        json.WriteString("name"u8, "answer"u8);
        json.WriteBoolean("strict"u8, true);
        json.WritePropertyName("schema"u8);
        json.WriteRawValue(schema);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>A result in the making.</summary>
    private sealed class Answer(double sentAt)
    {
        private readonly List<double> _contentAt = [];
        private readonly StringBuilder _text = new();
        private int _promptTokens;
        private int _cachedTokens;
        private int? _completionTokens;

        public int HttpStatus { get; set; }

        public bool HasRetryAfter { get; set; }

        public string? Error { get; set; }

        /// <summary>Takes a chunk; true if it held text.</summary>
        public bool Apply(JsonElement chunk, double receivedAt)
        {
            if (chunk.TryGetProperty("error", out var error))
            {
                Error = error.GetRawText();
            }

            if (chunk.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
            {
                _promptTokens = usage.GetProperty("prompt_tokens").GetInt32();
                _completionTokens = usage.GetProperty("completion_tokens").GetInt32();
                if (usage.TryGetProperty("prompt_tokens_details", out var details) && details.ValueKind == JsonValueKind.Object &&
                    details.TryGetProperty("cached_tokens", out var cached) && cached.ValueKind == JsonValueKind.Number)
                {
                    _cachedTokens = cached.GetInt32();
                }
            }

            if (!chunk.TryGetProperty("choices", out var choices) || choices.GetArrayLength() == 0 ||
                !choices[0].TryGetProperty("delta", out var delta) || !delta.TryGetProperty("content", out var content) ||
                content.ValueKind != JsonValueKind.String || content.GetString() is not { Length: > 0 } text)
            {
                return false;
            }

            _contentAt.Add(receivedAt);
            _text.Append(text);
            return true;
        }

        public CallResult End(CallOutcome outcome, double now) => new()
        {
            Outcome = outcome,
            SentAt = sentAt,
            EndedAt = now,
            ContentAt = _contentAt,
            PromptTokens = _promptTokens,
            CachedTokens = _cachedTokens,
            CompletionTokens = _completionTokens ?? _contentAt.Count,
            Text = _text.ToString(),
            HttpStatus = HttpStatus,
            HasRetryAfter = HasRetryAfter,
            Error = outcome == CallOutcome.Failed ? Error ?? "No answer." : null,
        };
    }
}
