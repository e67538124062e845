using System.Buffers;
using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Chat.Output;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Ollama;

/// <summary>
/// A stream of Ollama's: one JSON object a line. Calls come whole, so that one that broke is text. Its sign of life is a line without text,
/// since clients parse every line. Of one choice. Text allocates nothing per token.
/// </summary>
/// <param name="output">Where the bytes go.</param>
/// <param name="identity">Names of the answer.</param>
/// <param name="isChat">True: text comes as a message; false: as a response.</param>
internal sealed class OllamaLineWriter(IBufferWriter<byte> output, AnswerIdentity identity, bool isChat) : AnswerWriter
{
    private readonly Utf8JsonWriter _json = new(output, new JsonWriterOptions { Encoder = OpenAiJson.Encoder, SkipValidation = true });
    private readonly JsonEncodedText _model = JsonEncodedText.Encode(identity.Model, OpenAiJson.Encoder);

    // Puts the call together that is not whole yet.
    private readonly ChatReply _call = new();

    /// <inheritdoc/>
    public override string ContentType => "application/x-ndjson";

    /// <inheritdoc/>
    public override void Write(Choice choice, in AnswerEvent item)
    {
        switch (item.Kind)
        {
            case ChatOutputKind.Content:
                WriteText("content"u8, item.Text);
                break;
            case ChatOutputKind.Reasoning:
                WriteText("thinking"u8, item.Text);
                break;
            case ChatOutputKind.CallStarted or ChatOutputKind.CallArguments:
                _call.Add(item.Output);
                break;
            case ChatOutputKind.CallEnded or ChatOutputKind.CallCut:
                _call.Add(item.Output);
                WriteCall(_call.Calls[^1], item.Output.CallIndex);
                break;
            case ChatOutputKind.CallBroken:
                _call.Add(item.Output);
                WriteText("content"u8, item.Text);
                break;
            default:
                break;
        }
    }

    /// <inheritdoc/>
    public override void WriteFinish(Choice choice, Generation generation, bool isLast)
    {
        // The closing says it all.
    }

    /// <inheritdoc/>
    public override void WriteClosing(Generation generation)
    {
        var nothing = new Answer("", "", [], []);
        _json.Reset();
        if (isChat)
        {
            JsonSerializer.Serialize(_json, OllamaAnswers.ToChat(generation, nothing, identity), OllamaJson.Wire.OllamaChatResponse);
        }
        else
        {
            JsonSerializer.Serialize(_json, OllamaAnswers.ToGenerate(generation, nothing, identity), OllamaJson.Wire.OllamaGenerateResponse);
        }

        _json.Flush();
        output.Write("\n"u8);
    }

    /// <inheritdoc/>
    public override void WriteError(RequestError error)
    {
        _json.Reset();
        JsonSerializer.Serialize(_json, new OllamaErrorBody(error.PlacedMessage), OllamaJson.Wire.OllamaErrorBody);
        _json.Flush();
        output.Write("\n"u8);
    }

    /// <inheritdoc/>
    public override void WritePing() => WriteText("content"u8, "");

    /// <inheritdoc/>
    protected override void Dispose(bool isDisposing)
    {
        _json.Dispose();
        base.Dispose(isDisposing);
    }

    private void WriteText(ReadOnlySpan<byte> name, string text)
    {
        BeginLine();
        var isThought = name[0] == (byte)'t';
        if (isChat)
        {
            _json.WriteString("content"u8, isThought ? "" : text);
        }
        else
        {
            _json.WriteString("response"u8, isThought ? "" : text);
        }

        if (isThought)
        {
            _json.WriteString(name, text);
        }

        EndLine();
    }

    private void WriteCall(ChatToolCall call, int index)
    {
        BeginLine();
        _json.WriteString("content"u8, ""u8);
        _json.WriteStartArray("tool_calls"u8);
        JsonSerializer.Serialize(_json, OllamaAnswers.ToCall(call, index), OllamaJson.Wire.OllamaCall);
        _json.WriteEndArray();
        EndLine();
    }

    private void BeginLine()
    {
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString("model"u8, _model);
        _json.WriteString("created_at"u8, OllamaAnswers.TimeOf(identity));
        if (isChat)
        {
            _json.WriteStartObject("message"u8);
            _json.WriteString("role"u8, "assistant"u8);
        }
    }

    private void EndLine()
    {
        if (isChat)
        {
            _json.WriteEndObject();
        }

        _json.WriteBoolean("done"u8, false);
        _json.WriteEndObject();
        _json.Flush();
        output.Write("\n"u8);
    }
}
