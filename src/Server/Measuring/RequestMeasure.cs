using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Streaming;

namespace InferenceServer.Server.Measuring;

/// <summary>The times of one request for text: noted while it runs, recorded in the instruments. One thread at a time.</summary>
/// <param name="instruments">Where to record.</param>
/// <param name="generation">The request's answers, just submitted.</param>
/// <param name="operation">In OpenTelemetry's words.</param>
/// <param name="arrivedAt">Clock ticks when the request arrived.</param>
/// <param name="client">Whom the tokens are charged to; null if nobody.</param>
internal sealed class RequestMeasure(RequestInstruments instruments, Generation generation, string operation, long arrivedAt, ClientAccount? client = null)
{
    private readonly TimeProvider _clock = instruments.Clock;
    private readonly KeyValuePair<string, object?>[] _tags = instruments.Server.TagsOf(operation);
    private readonly long _submittedAt = instruments.Clock.GetTimestamp();

    // By choice: tokens handed to the socket so far, and when the last of them were.
    private readonly int[] _numFlushed = new int[generation.Choices.Count];
    private readonly long[] _flushedAt = new long[generation.Choices.Count];

    /// <summary>Seconds from arrival until the first token of any choice was handed over, or made if the answer goes out whole; null if there was none.</summary>
    public double? FirstTokenSeconds { get; private set; }

    /// <summary>What was read of a choice so far is on its way to the client: the socket took it.</summary>
    public void Flushed(Choice choice)
    {
        ref var numFlushed = ref _numFlushed[choice.Index];
        if (choice.NumTokens == numFlushed)
        {
            return;
        }

        var now = _clock.GetTimestamp();
        if (numFlushed == 0)
        {
            RecordFirstToken(Seconds(arrivedAt, now));
        }
        else
        {
            var gap = Seconds(_flushedAt[choice.Index], now);
            instruments.Server.RecordGap(gap);
            instruments.Vllm.RecordGap(gap);
        }

        numFlushed = choice.NumTokens;
        _flushedAt[choice.Index] = now;
    }

    /// <summary>The request is over: all its choices have ended, or something failed above them.</summary>
    /// <param name="isStream">False: no token was handed over before the last, so the first one counts from when it was made.</param>
    public void Finish(bool isStream)
    {
        generation.CloseEnergy();
        var now = _clock.GetTimestamp();
        var seconds = Seconds(arrivedAt, now);
        var numPrompts = Math.Max(1, generation.Choices.Count / generation.ChoicesPerPrompt);
        foreach (var choice in generation.Choices)
        {
            if (!isStream && choice.NumTokens > 0)
            {
                RecordFirstToken(Seconds(arrivedAt, choice.FirstTokenAt));
            }

            var reason = choice.Reason ?? FinishReason.Error;
            var times = TimesOf(choice);
            instruments.Server.RecordAnswer(reason, times, _tags);
            instruments.Vllm.RecordAnswer(reason, seconds, generation.NumPromptTokens / numPrompts, choice.NumTokens, times);
        }

        instruments.Server.RecordRequest(seconds, Error() is { } error ? instruments.Server.TagsOf(operation, error) : _tags);
        instruments.Server.RecordTokens(generation.NumPromptTokens, generation.NumOutputTokens, _tags);
        client?.Charge(generation.NumPromptTokens + generation.NumOutputTokens);
        instruments.Vllm.RecordLongest(generation.Choices.Max(choice => choice.NumTokens));
    }

    /// <summary>What the log says of the request.</summary>
    /// <param name="id">Id of the answer.</param>
    public ChatLogEntry ToLogEntry(string id)
    {
        var first = generation.Choices[0];
        var times = TimesOf(first);
        return new ChatLogEntry(
            id,
            generation.NumPromptTokens,
            generation.NumCachedTokens,
            generation.NumOutputTokens,
            WireWords.ForLog(first.Reason),
            (long?)(times.Queue * 1000),
            (long?)(FirstTokenSeconds * 1000),
            times.PerToken > 0 ? 1 / times.PerToken : null);
    }

    /// <summary>Where a choice's time went.</summary>
    public AnswerTimes TimesOf(Choice choice)
    {
        var decode = Between(choice.FirstTokenAt, choice.FinishedAt);
        return new AnswerTimes(
            Between(_submittedAt, choice.StartedAt),
            Between(choice.StartedAt, choice.FirstTokenAt),
            decode,
            choice.NumTokens > 1 ? decode / (choice.NumTokens - 1) : null);
    }

    private string? Error() =>
        generation.Choices.Any(choice => choice.Reason is null or FinishReason.Error) ? "server_error"
        : generation.Choices.Any(choice => choice.Reason == FinishReason.Aborted) ? "aborted"
        : null;

    private void RecordFirstToken(double seconds)
    {
        FirstTokenSeconds ??= seconds;
        instruments.Server.RecordFirstToken(seconds, _tags);
        instruments.Vllm.RecordFirstToken(seconds);
    }

    private double? Between(long from, long to) => from > 0 && to > 0 ? Seconds(from, to) : null;

    // An event's time may be a little before the time of our own note of what caused it.
    private double Seconds(long from, long to) => Math.Max(0, _clock.GetElapsedTime(from, to).TotalSeconds);
}

/// <summary>What a request's times are recorded in.</summary>
/// <param name="Server">Ours and OpenTelemetry's.</param>
/// <param name="Vllm">vLLM's.</param>
/// <param name="Clock">The choices' clock.</param>
internal sealed record RequestInstruments(ServerInstruments Server, VllmInstruments Vllm, TimeProvider Clock);
