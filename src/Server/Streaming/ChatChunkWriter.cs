using System.Buffers;
using System.Text.Json;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Streaming;

/// <summary>
/// Chat events as the bytes of server-sent events, in exactly the shapes that strict clients expect: the role once, one
/// choice a chunk, nulls where they must be and no key where none may be. Allocates nothing per token. One thread at a time;
/// the caller flushes.
/// </summary>
/// <param name="output">Where the bytes go.</param>
/// <param name="identity">What every chunk repeats.</param>
/// <param name="includeUsage">True: chunks carry <c>usage: null</c>, and the last one the usage.</param>
internal sealed class ChatChunkWriter(IBufferWriter<byte> output, ChatIdentity identity, bool includeUsage) : IDisposable
{
    private static readonly JsonEncodedText AssistantRole = JsonEncodedText.Encode("assistant");

    private readonly Utf8JsonWriter _json = new(output, new JsonWriterOptions { Encoder = OpenAiJson.Encoder, SkipValidation = true });
    private readonly JsonEncodedText _id = JsonEncodedText.Encode(identity.Id);
    private readonly JsonEncodedText _model = JsonEncodedText.Encode(identity.Model, OpenAiJson.Encoder);

    /// <summary>A choice's first chunk.</summary>
    public void WriteRole(int index)
    {
        BeginChoice(index);
        _json.WriteString("role"u8, AssistantRole);
        _json.WriteString("content"u8, ""u8);
        _json.WriteNull("refusal"u8);
        EndChoice(null, null);
    }

    /// <summary>Text of a choice; not empty.</summary>
    public void WriteContent(int index, string text)
    {
        BeginChoice(index);
        _json.WriteString("content"u8, text);
        EndChoice(null, null);
    }

    /// <summary>A choice's last chunk.</summary>
    /// <param name="index">The choice.</param>
    /// <param name="reason">Stop or Length.</param>
    /// <param name="timings">The request's times if this is the stream's last chunk, else null.</param>
    public void WriteFinish(int index, FinishReason reason, Timings? timings)
    {
        BeginChoice(index);
        EndChoice(WireWords.Of(reason), timings);
    }

    /// <summary>The chunk after all choices' last ones, if usage was asked for.</summary>
    public void WriteUsage(Usage usage, Timings timings)
    {
        BeginChunk();
        _json.WriteEndArray();
        _json.WritePropertyName("usage"u8);
        JsonSerializer.Serialize(_json, usage, OpenAiJson.Wire.Usage);
        WriteTimings(timings);
        EndEvent();
    }

    /// <summary>An error after the first byte. Nothing follows it.</summary>
    public void WriteError(ErrorBody error)
    {
        BeginEvent();
        JsonSerializer.Serialize(_json, error, OpenAiJson.Wire.ErrorBody);
        _json.Flush();
        output.Write("\n\n"u8);
    }

    /// <summary>The end of a whole stream.</summary>
    public void WriteDone() => output.Write("data: [DONE]\n\n"u8);

    /// <summary>A comment, which clients skip and proxies take for a sign of life.</summary>
    public void WritePing() => output.Write(": ping\n\n"u8);

    /// <summary>Gives the writer's memory back.</summary>
    public void Dispose() => _json.Dispose();

    private void BeginEvent()
    {
        output.Write("data: "u8);
        _json.Reset();
    }

    private void BeginChunk()
    {
        BeginEvent();
        _json.WriteStartObject();
        _json.WriteString("id"u8, _id);
        _json.WriteString("object"u8, "chat.completion.chunk"u8);
        _json.WriteNumber("created"u8, identity.Created);
        _json.WriteString("model"u8, _model);
        _json.WriteString("system_fingerprint"u8, identity.Fingerprint);
        _json.WriteString("service_tier"u8, identity.ServiceTier);
        _json.WriteStartArray("choices"u8);
    }

    private void BeginChoice(int index)
    {
        BeginChunk();
        _json.WriteStartObject();
        _json.WriteNumber("index"u8, index);
        _json.WriteStartObject("delta"u8);
    }

    private void EndChoice(string? finishReason, Timings? timings)
    {
        _json.WriteEndObject();
        _json.WriteNull("logprobs"u8);
        _json.WriteString("finish_reason"u8, finishReason);
        _json.WriteEndObject();
        _json.WriteEndArray();
        if (includeUsage)
        {
            _json.WriteNull("usage"u8);
        }

        if (timings is not null)
        {
            WriteTimings(timings);
        }

        EndEvent();
    }

    private void WriteTimings(Timings timings)
    {
        _json.WritePropertyName("timings"u8);
        JsonSerializer.Serialize(_json, timings, OpenAiJson.Wire.Timings);
    }

    private void EndEvent()
    {
        _json.WriteEndObject();
        _json.Flush();
        output.Write("\n\n"u8);
    }
}
