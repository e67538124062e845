using System.Buffers;
using System.Text.Json;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Streaming;

/// <summary>
/// Answers as the bytes of server-sent events; each dialect writes its own shapes. One thread at a time; the caller flushes.
/// </summary>
/// <param name="output">Where the bytes go.</param>
/// <param name="identity">What every chunk repeats.</param>
/// <param name="includeUsage">True: chunks carry <c>usage: null</c>, and the last one the usage.</param>
internal abstract class ChunkWriter(IBufferWriter<byte> output, AnswerIdentity identity, bool includeUsage) : IDisposable
{
    private readonly JsonEncodedText _id = JsonEncodedText.Encode(identity.Id);
    private readonly JsonEncodedText _model = JsonEncodedText.Encode(identity.Model, OpenAiJson.Encoder);

    /// <summary>What every chunk repeats.</summary>
    protected AnswerIdentity Identity => identity;

    /// <summary>Writes one event at a time.</summary>
    protected Utf8JsonWriter Json { get; } = new(output, new JsonWriterOptions { Encoder = OpenAiJson.Encoder, SkipValidation = true });

    /// <summary>The dialect's <c>object</c>.</summary>
    protected abstract JsonEncodedText ObjectName { get; }

    /// <summary>Before anything else of a choice.</summary>
    public abstract void WriteStart(int index);

    /// <summary>Text of a choice, with the log probabilities of the tokens that it completes; one of them is not empty.</summary>
    public abstract void WriteText(int index, string text, IReadOnlyList<PlacedLogProbs> logProbs);

    /// <summary>A choice's last chunk.</summary>
    /// <param name="index">The choice.</param>
    /// <param name="reason">Stop or Length.</param>
    /// <param name="timings">The request's times if this is the stream's last chunk, else null.</param>
    public abstract void WriteFinish(int index, FinishReason reason, Timings? timings);

    /// <summary>The chunk after all choices' last ones, if usage was asked for.</summary>
    public void WriteUsage(Usage usage, Timings timings)
    {
        BeginChunk();
        Json.WriteEndArray();
        Json.WritePropertyName("usage"u8);
        JsonSerializer.Serialize(Json, usage, OpenAiJson.Wire.Usage);
        WriteTimings(timings);
        EndEvent();
    }

    /// <summary>An error after the first byte. Nothing follows it.</summary>
    public void WriteError(ErrorBody error)
    {
        BeginEvent();
        JsonSerializer.Serialize(Json, error, OpenAiJson.Wire.ErrorBody);
        Json.Flush();
        output.Write("\n\n"u8);
    }

    /// <summary>The end of a whole stream.</summary>
    public void WriteDone() => output.Write("data: [DONE]\n\n"u8);

    /// <summary>A comment, which clients skip and proxies take for a sign of life.</summary>
    public void WritePing() => output.Write(": ping\n\n"u8);

    /// <summary>Gives the writer's memory back.</summary>
    public void Dispose()
    {
        Json.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Writes the chunk up to the beginning of its choices.</summary>
    protected void BeginChunk()
    {
        BeginEvent();
        Json.WriteStartObject();
        Json.WriteString("id"u8, _id);
        Json.WriteString("object"u8, ObjectName);
        Json.WriteNumber("created"u8, identity.Created);
        Json.WriteString("model"u8, _model);
        Json.WriteString("system_fingerprint"u8, identity.Fingerprint);
        WriteExtra();
        Json.WriteStartArray("choices"u8);
    }

    /// <summary>Further fields of a chunk before its choices.</summary>
    protected virtual void WriteExtra()
    {
    }

    /// <summary>Writes the chunk from the end of its one choice on.</summary>
    protected void EndChunk(Timings? timings)
    {
        Json.WriteEndArray();
        if (includeUsage)
        {
            Json.WriteNull("usage"u8);
        }

        if (timings is not null)
        {
            WriteTimings(timings);
        }

        EndEvent();
    }

    private void BeginEvent()
    {
        output.Write("data: "u8);
        Json.Reset();
    }

    private void WriteTimings(Timings timings)
    {
        Json.WritePropertyName("timings"u8);
        JsonSerializer.Serialize(Json, timings, OpenAiJson.Wire.Timings);
    }

    private void EndEvent()
    {
        Json.WriteEndObject();
        Json.Flush();
        output.Write("\n\n"u8);
    }
}
