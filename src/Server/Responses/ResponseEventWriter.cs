using System.Buffers;
using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Chat.Output;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>
/// A response as server-sent events, in the order that clients build it up by: every item is added, filled and done before the
/// next one, and the last event carries the whole. One thread at a time.
/// </summary>
/// <param name="output">Where the bytes go.</param>
/// <param name="draft">The response as it begins.</param>
/// <param name="items">Makes the items.</param>
/// <param name="clock">Tells when it ended.</param>
/// <param name="onChanged">Takes the response when its status has changed, before the event that tells so: whoever reads the last one finds it stored.</param>
internal sealed class ResponseEventWriter(IBufferWriter<byte> output, ResponseBody draft, OutputItems items, TimeProvider clock, Action<ResponseBody> onChanged) : AnswerWriter
{
    private readonly Utf8JsonWriter _json = new(output, new JsonWriterOptions { Encoder = OpenAiJson.Encoder, SkipValidation = true });
    private readonly List<ResponseItem> _done = [];
    private readonly StringBuilder _text = new();
    private readonly List<ChatTokenLogProb> _logProbs = [];
    private int _sequenceNumber;

    // The item that is being filled: its kind, id and, of a call, what it calls.
    private Kind _kind;
    private string _id = "";
    private string _callId = "";
    private string _callName = "";

    private enum Kind
    {
        /// <summary>No item is open.</summary>
        None,

        /// <summary>A thought.</summary>
        Reasoning,

        /// <summary>Text.</summary>
        Message,

        /// <summary>A call with arguments.</summary>
        Function,

        /// <summary>A call with a text.</summary>
        Custom,
    }

    /// <summary>Whether an abort is what the client wanted.</summary>
    public Func<bool> IsCancelled { get; init; } = () => false;

    /// <inheritdoc/>
    public override void WriteOpening(Generation generation)
    {
        WriteWhole(EventNames.Created, draft);
        WriteWhole(draft.Background ? EventNames.Queued : EventNames.InProgress, draft);
    }

    /// <inheritdoc/>
    public override void WriteStart(Choice choice)
    {
        if (draft.Background)
        {
            Change(draft with { Status = ResponseStatus.InProgress }, EventNames.InProgress);
        }
    }

    /// <inheritdoc/>
    public override void Write(Choice choice, in AnswerEvent item)
    {
        switch (item.Kind)
        {
            case ChatOutputKind.Content:
                WriteContent(item.Text, item.LogProbs);
                break;
            case ChatOutputKind.Reasoning:
                OpenText(Kind.Reasoning, "rs_");
                WriteDelta(EventNames.ReasoningTextDelta, item.Text);
                break;
            case ChatOutputKind.CallStarted:
                Close(ResponseStatus.Completed);
                _callId = item.Output.CallId!;
                _callName = item.Output.CallName!;
                Open(items.IsCustom(_callName) ? Kind.Custom : Kind.Function, items.NewCallItemId(_callName));
                break;
            case ChatOutputKind.CallArguments:
                WriteDelta(_kind == Kind.Custom ? EventNames.CustomInputDelta : EventNames.FunctionArgumentsDelta, item.Text);
                break;
            case ChatOutputKind.CallEnded:
                Close(ResponseStatus.Completed);
                break;
            case ChatOutputKind.CallBroken or ChatOutputKind.CallCut:
                Close(ResponseStatus.Incomplete);
                break;
            default:
                // What was sent as text stays text.
                break;
        }
    }

    /// <inheritdoc/>
    public override void WriteFinish(Choice choice, Generation generation, bool isLast)
    {
        Close(choice.IsCut() ? ResponseStatus.Incomplete : ResponseStatus.Completed);
        if (_done.Count == 0 || (_done is [ReasoningItem] && !choice.IsCut()))
        {
            // Without calls the answer is a text, though an empty one.
            OpenText(Kind.Message, "msg_");
            Close(choice.IsCut() ? ResponseStatus.Incomplete : ResponseStatus.Completed);
        }
    }

    /// <inheritdoc/>
    public override void WriteClosing(Generation generation) =>
        Change(draft.End(generation, [.. _done], clock), generation.Choices[0].IsCut() ? EventNames.Incomplete : EventNames.Completed);

    /// <inheritdoc/>
    public override void WriteError(RequestError error)
    {
        Close(ResponseStatus.Incomplete);
        Change(draft.BreakOff(IsCancelled() ? null : error, [.. _done]), EventNames.Failed);
    }

    /// <summary>A comment, which clients skip and proxies take for a sign of life.</summary>
    public override void WritePing() => output.Write(": ping\n\n"u8);

    /// <inheritdoc/>
    protected override void Dispose(bool isDisposing)
    {
        _json.Dispose();
        base.Dispose(isDisposing);
    }

    private void Change(ResponseBody response, JsonEncodedText name)
    {
        onChanged(response);
        WriteWhole(name, response);
    }

    private void WriteContent(string text, IReadOnlyList<PlacedLogProbs> logProbs)
    {
        OpenText(Kind.Message, "msg_");
        var entries = logProbs.Count > 0 ? WireLogProbs.ToChat(logProbs).Content : [];
        _text.Append(text);
        _logProbs.AddRange(entries);
        BeginPartEvent(EventNames.OutputTextDelta);
        _json.WriteString("delta"u8, text);
        WriteLogProbs(entries);
        EndEvent();
    }

    private void WriteDelta(JsonEncodedText name, string text)
    {
        _text.Append(text);
        BeginPartEvent(name);
        _json.WriteString("delta"u8, text);
        EndEvent();
    }

    private void OpenText(Kind kind, string prefix)
    {
        if (_kind == kind)
        {
            return;
        }

        Close(ResponseStatus.Completed);
        Open(kind, OutputItems.NewId(prefix));
        WritePart(EventNames.PartAdded, "");
    }

    private void Open(Kind kind, string id)
    {
        _kind = kind;
        _id = id;
        WriteItem(EventNames.ItemAdded, ToItem(ResponseStatus.InProgress, text: null));
    }

    private void Close(string status)
    {
        if (_kind == Kind.None)
        {
            return;
        }

        var text = _text.ToString();
        var item = ToItem(status, text);
        WriteDone(text, item);
        WriteItem(EventNames.ItemDone, item);
        _done.Add(item);
        _text.Clear();
        _logProbs.Clear();
        _kind = Kind.None;
    }

    private void WriteDone(string text, ResponseItem item)
    {
        switch (_kind)
        {
            case Kind.Reasoning:
                BeginPartEvent(EventNames.ReasoningTextDone);
                _json.WriteString("text"u8, text);
                EndEvent();
                WritePart(EventNames.PartDone, text);
                break;
            case Kind.Message:
                BeginPartEvent(EventNames.OutputTextDone);
                _json.WriteString("text"u8, text);
                WriteLogProbs(_logProbs);
                EndEvent();
                WritePart(EventNames.PartDone, text);
                break;
            case Kind.Function:
                BeginPartEvent(EventNames.FunctionArgumentsDone);
                _json.WriteString("name"u8, ((FunctionCallItem)item).Name);
                _json.WriteString("arguments"u8, text);
                EndEvent();
                break;
            default:
                BeginPartEvent(EventNames.CustomInputDone);
                _json.WriteString("input"u8, text);
                EndEvent();
                break;
        }
    }

    private ResponseItem ToItem(string status, string? text) => _kind switch
    {
        Kind.Reasoning => items.Reasoning(_id, status, text),
        Kind.Message => OutputItems.Message(_id, status, text, [.. _logProbs]),
        _ => items.Call(_id, status, _callId, _callName, text ?? ""),
    };

    private void WriteWhole(JsonEncodedText name, ResponseBody response)
    {
        BeginEvent(name);
        _json.WritePropertyName("response"u8);
        JsonSerializer.Serialize(_json, response, OpenAiJson.Wire.ResponseBody);
        EndEvent();
    }

    private void WriteItem(JsonEncodedText name, ResponseItem item)
    {
        BeginEvent(name);
        _json.WriteNumber("output_index"u8, _done.Count);
        _json.WritePropertyName("item"u8);
        JsonSerializer.Serialize(_json, item, OpenAiJson.Wire.ResponseItem);
        EndEvent();
    }

    private void WritePart(JsonEncodedText name, string text)
    {
        BeginPartEvent(name);
        _json.WritePropertyName("part"u8);
        if (_kind == Kind.Reasoning)
        {
            JsonSerializer.Serialize(_json, new ReasoningText(text), OpenAiJson.Wire.ReasoningText);
        }
        else
        {
            JsonSerializer.Serialize(_json, new OutputText(text) { LogProbs = [.. _logProbs] }, OpenAiJson.Wire.OutputText);
        }

        EndEvent();
    }

    private void WriteLogProbs(IReadOnlyList<ChatTokenLogProb> entries)
    {
        _json.WritePropertyName("logprobs"u8);
        JsonSerializer.Serialize(_json, entries, OpenAiJson.Wire.IReadOnlyListChatTokenLogProb);
    }

    // Of the item that is open; texts are their item's only part.
    private void BeginPartEvent(JsonEncodedText name)
    {
        BeginEvent(name);
        _json.WriteString("item_id"u8, _id);
        _json.WriteNumber("output_index"u8, _done.Count);
        if (_kind is Kind.Reasoning or Kind.Message)
        {
            _json.WriteNumber("content_index"u8, 0);
        }
    }

    private void BeginEvent(JsonEncodedText name)
    {
        output.Write("event: "u8);
        output.Write(name.EncodedUtf8Bytes);
        output.Write("\ndata: "u8);
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString("type"u8, name);
        _json.WriteNumber("sequence_number"u8, _sequenceNumber++);
    }

    private void EndEvent()
    {
        _json.WriteEndObject();
        _json.Flush();
        output.Write("\n\n"u8);
    }
}
