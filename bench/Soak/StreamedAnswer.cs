using System.Text;
using System.Text.Json;
using InferenceServer.Bench.Load;

namespace InferenceServer.Bench.Soak;

/// <summary>A streamed answer as it came, with all its ends: there should be one.</summary>
internal sealed class StreamedAnswer
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _arguments = new();
    private int _numFinishes;
    private int _numErrors;
    private int _numDone;
    private bool _wentOn;
    private string? _error;

    /// <summary>The text so far.</summary>
    public string Text => _text.ToString();

    /// <summary>Arguments of the tool calls so far.</summary>
    public string Arguments => _arguments.ToString();

    /// <summary>Why it ended; null if it has not.</summary>
    public string? FinishReason { get; private set; }

    /// <summary>Generated tokens by the server's count; -1 if it gave none.</summary>
    public int CompletionTokens { get; private set; } = -1;

    /// <summary>Tokens whose log probabilities came.</summary>
    public int NumLogProbs { get; private set; }

    /// <summary>How it ended.</summary>
    public Outcome Outcome => (_numFinishes, _numErrors, _numDone) switch
    {
        _ when _wentOn => new Outcome(Ending.Doubled, IsAdmitted: true, "It went on after its end."),
        (1, 0, 1) => new Outcome(Ending.Answered, IsAdmitted: true),
        (0, 1, <= 1) => new Outcome(Ending.Failed, IsAdmitted: true, _error),
        (0, 0, _) or (1, 0, 0) => new Outcome(Ending.Lost, IsAdmitted: true, $"{_numFinishes} finishes, {_numDone} [DONE]."),
        _ => new Outcome(Ending.Doubled, IsAdmitted: true, $"{_numFinishes} finishes, {_numErrors} errors, {_numDone} [DONE]."),
    };

    /// <summary>Reads to the end of the stream.</summary>
    /// <param name="body">The response's body.</param>
    /// <param name="pause">Between two events; zero reads as fast as they come.</param>
    /// <param name="cancellationToken">Hangs up.</param>
    public async Task ReadAsync(Stream body, TimeSpan pause, CancellationToken cancellationToken)
    {
        var events = new SseReader(body, static () => 0);
        while (await events.ReadAsync(cancellationToken))
        {
            if (events.Data.Span.SequenceEqual("[DONE]"u8))
            {
                _numDone++;
                continue;
            }

            _wentOn |= _numDone > 0;
            using var chunk = JsonDocument.Parse(events.Data);
            Apply(chunk.RootElement);
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, cancellationToken);
            }
        }
    }

    private void Apply(JsonElement chunk)
    {
        if (chunk.TryGetProperty("error", out var error))
        {
            _numErrors++;
            _error = error.GetRawText();
            return;
        }

        if (chunk.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
        {
            CompletionTokens = usage.GetProperty("completion_tokens").GetInt32();
        }

        foreach (var choice in chunk.GetProperty("choices").EnumerateArray())
        {
            ApplyChoice(choice);
        }
    }

    private void ApplyChoice(JsonElement choice)
    {
        // A completion's choice is its own delta.
        var delta = choice.TryGetProperty("delta", out var inside) ? inside : choice;
        if ((delta.TryGetProperty("content", out var text) || delta.TryGetProperty("text", out text)) && text.GetString() is { Length: > 0 } piece)
        {
            _wentOn |= _numFinishes > 0;
            _text.Append(piece);
        }

        if (delta.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array)
        {
            _wentOn |= _numFinishes > 0;
            foreach (var call in calls.EnumerateArray())
            {
                _arguments.Append(call.GetProperty("function").TryGetProperty("arguments", out var arguments) ? arguments.GetString() : "");
            }
        }

        if (choice.TryGetProperty("logprobs", out var logProbs) && logProbs.ValueKind == JsonValueKind.Object && logProbs.TryGetProperty("content", out var entries) && entries.ValueKind == JsonValueKind.Array)
        {
            NumLogProbs += entries.GetArrayLength();
        }

        if (choice.TryGetProperty("finish_reason", out var reason) && reason.ValueKind == JsonValueKind.String)
        {
            _numFinishes++;
            FinishReason = reason.GetString();
        }
    }
}
