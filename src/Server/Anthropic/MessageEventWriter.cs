using System.Buffers;
using System.Text.Json;
using InferenceServer.Inference.Chat.Output;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Anthropic;

/// <summary>
/// Events of a Messages stream: the answer begins as soon as it is admitted, its blocks follow one after the other, one open at a time, and
/// every event has its type for its name, since the SDKs drop nameless ones. A call is held back until it is whole: agents run every call
/// they see, and the SDKs throw on arguments that are no JSON. One that broke is text. Of one choice. Text allocates nothing per token.
/// </summary>
/// <param name="output">Where the bytes go.</param>
/// <param name="identity">Names of the answer.</param>
/// <param name="requestId">Goes with an error.</param>
/// <param name="maxTokens">What the client allowed.</param>
internal sealed class MessageEventWriter(IBufferWriter<byte> output, AnswerIdentity identity, string requestId, int? maxTokens) : AnswerWriter
{
    // Agents give up after 15 to 20 seconds without an event; comments do not count as one.
    private static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(10);

    private readonly Utf8JsonWriter _json = new(output, new JsonWriterOptions { Encoder = OpenAiJson.Encoder, SkipValidation = true });

    // The begin and the arguments of a call that is not whole yet.
    private readonly List<ChatOutputEvent> _call = [];

    // The last block that was begun, and what it is; null if it is over.
    private int _index = -1;
    private BlockKind? _open;

    private enum BlockKind
    {
        Thinking,
        Text,
    }

    /// <inheritdoc/>
    public override TimeSpan PingInterval(TimeSpan configured) => configured > TimeSpan.Zero && configured < MaxSilence ? configured : MaxSilence;

    /// <inheritdoc/>
    public override void WriteOpening(Generation generation)
    {
        BeginEvent("message_start"u8);
        _json.WritePropertyName("message"u8);
        JsonSerializer.Serialize(
            _json,
            new MessagesResponse
            {
                Id = identity.Id,
                Model = identity.Model,
                Content = [],
                StopReason = null,
                StopSequence = null,
                Usage = MessagesWords.UsageOf(generation),
            },
            AnthropicJson.Wire.MessagesResponse);
        EndEvent();
    }

    /// <inheritdoc/>
    public override void Write(Choice choice, in AnswerEvent item)
    {
        switch (item.Kind)
        {
            case ChatOutputKind.Content:
                WriteText(item.Text);
                break;
            case ChatOutputKind.Reasoning:
                Open(BlockKind.Thinking);
                WriteDelta("thinking_delta"u8, "thinking"u8, item.Text);
                break;
            case ChatOutputKind.CallStarted or ChatOutputKind.CallArguments:
                _call.Add(item.Output);
                break;
            case ChatOutputKind.CallEnded:
                WriteCall(hasInput: true);
                break;
            case ChatOutputKind.CallCut:
                WriteCall(hasInput: false);
                break;
            case ChatOutputKind.CallBroken:
                _call.Clear();
                WriteText(item.Text);
                break;
            default:
                break;
        }
    }

    /// <inheritdoc/>
    public override void WriteFinish(Choice choice, Generation generation, bool isLast)
    {
        Close();
        BeginEvent("message_delta"u8);
        _json.WriteStartObject("delta"u8);
        _json.WriteString("stop_reason"u8, MessagesWords.StopReasonOf(choice, maxTokens));
        _json.WriteString("stop_sequence"u8, choice.MatchedStop);
        _json.WriteEndObject();
        _json.WritePropertyName("usage"u8);
        JsonSerializer.Serialize(_json, MessagesWords.UsageOf(generation), AnthropicJson.Wire.MessagesUsage);
        EndEvent();
    }

    /// <inheritdoc/>
    public override void WriteClosing(Generation generation)
    {
        BeginEvent("message_stop"u8);
        EndEvent();
    }

    /// <inheritdoc/>
    public override void WriteError(RequestError error)
    {
        output.Write("event: error\ndata: "u8);
        _json.Reset();
        JsonSerializer.Serialize(
            _json, new MessagesErrorBody { Error = MessagesErrors.ToDetail(error), RequestId = requestId }, AnthropicJson.Wire.MessagesErrorBody);
        _json.Flush();
        output.Write("\n\n"u8);
    }

    /// <inheritdoc/>
    public override void WritePing()
    {
        BeginEvent("ping"u8);
        EndEvent();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool isDisposing)
    {
        _json.Dispose();
        base.Dispose(isDisposing);
    }

    private void Open(BlockKind kind)
    {
        if (_open == kind)
        {
            return;
        }

        Close();
        _open = kind;
        BeginBlock();
        if (kind == BlockKind.Text)
        {
            _json.WriteString("type"u8, "text"u8);
            _json.WriteString("text"u8, ""u8);
        }
        else
        {
            _json.WriteString("type"u8, "thinking"u8);
            _json.WriteString("thinking"u8, ""u8);
            _json.WriteString("signature"u8, ""u8);
        }

        _json.WriteEndObject();
        EndEvent();
    }

    private void WriteText(string text)
    {
        if (text.Length > 0)
        {
            Open(BlockKind.Text);
            WriteDelta("text_delta"u8, "text"u8, text);
        }
    }

    private void WriteCall(bool hasInput)
    {
        Close();
        BeginBlock();
        _json.WriteString("type"u8, "tool_use"u8);
        _json.WriteString("id"u8, MessagesWords.IdOf(_call[0].CallId!));
        _json.WriteString("name"u8, _call[0].CallName);
        _json.WriteStartObject("input"u8);
        _json.WriteEndObject();
        _json.WriteEndObject();
        EndEvent();
        foreach (var item in hasInput ? _call[1..] : [])
        {
            WriteDelta("input_json_delta"u8, "partial_json"u8, item.Text);
        }

        EndBlock();
        _call.Clear();
    }

    private void BeginBlock()
    {
        _index++;
        BeginEvent("content_block_start"u8);
        _json.WriteNumber("index"u8, _index);
        _json.WriteStartObject("content_block"u8);
    }

    private void Close()
    {
        if (_open is null)
        {
            return;
        }

        if (_open == BlockKind.Thinking)
        {
            WriteDelta("signature_delta"u8, "signature"u8, "");
        }

        _open = null;
        EndBlock();
    }

    private void EndBlock()
    {
        BeginEvent("content_block_stop"u8);
        _json.WriteNumber("index"u8, _index);
        EndEvent();
    }

    private void WriteDelta(ReadOnlySpan<byte> type, ReadOnlySpan<byte> name, string text)
    {
        BeginEvent("content_block_delta"u8);
        _json.WriteNumber("index"u8, _index);
        _json.WriteStartObject("delta"u8);
        _json.WriteString("type"u8, type);
        _json.WriteString(name, text);
        _json.WriteEndObject();
        EndEvent();
    }

    private void BeginEvent(ReadOnlySpan<byte> type)
    {
        output.Write("event: "u8);
        output.Write(type);
        output.Write("\ndata: "u8);
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString("type"u8, type);
    }

    private void EndEvent()
    {
        _json.WriteEndObject();
        _json.Flush();
        output.Write("\n\n"u8);
    }
}
