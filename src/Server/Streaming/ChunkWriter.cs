using System.Buffers;
using System.Text.Json;
using InferenceServer.Server.Endpoints;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Streaming;

/// <summary>Answers as the server-sent events of OpenAI's older endpoints; chat and completions fill in their choices.</summary>
/// <param name="output">Where the bytes go.</param>
/// <param name="identity">What every chunk repeats.</param>
/// <param name="includeUsage">True: chunks carry <c>usage: null</c>, and a last one the usage.</param>
internal abstract class ChunkWriter(IBufferWriter<byte> output, AnswerIdentity identity, bool includeUsage) : AnswerWriter
{
    private readonly JsonEncodedText _id = JsonEncodedText.Encode(identity.Id);
    private readonly JsonEncodedText _model = JsonEncodedText.Encode(identity.Model, OpenAiJson.Encoder);

    /// <summary>What every chunk repeats.</summary>
    protected AnswerIdentity Identity => identity;

    /// <summary>Writes one event at a time.</summary>
    protected Utf8JsonWriter Json { get; } = new(output, new JsonWriterOptions { Encoder = OpenAiJson.Encoder, SkipValidation = true });

    /// <summary>The dialect's <c>object</c>.</summary>
    protected abstract JsonEncodedText ObjectName { get; }

    /// <inheritdoc/>
    public sealed override void WriteFinish(Choice choice, Generation generation, bool isLast) =>
        WriteFinish(choice, isLast && !includeUsage ? generation.Timings() : null);

    /// <inheritdoc/>
    public sealed override void WriteClosing(Generation generation)
    {
        if (includeUsage)
        {
            BeginChunk();
            Json.WriteEndArray();
            Json.WritePropertyName("usage"u8);
            JsonSerializer.Serialize(Json, generation.Usage(), OpenAiJson.Wire.Usage);
            WriteTimings(generation.Timings());
            EndEvent();
        }

        output.Write("data: [DONE]\n\n"u8);
    }

    /// <inheritdoc/>
    public sealed override void WriteError(RequestError error)
    {
        BeginEvent();
        JsonSerializer.Serialize(Json, ErrorAnswer.ToBody(error), OpenAiJson.Wire.ErrorBody);
        Json.Flush();
        output.Write("\n\n"u8);
    }

    /// <summary>A comment, which clients skip and proxies take for a sign of life.</summary>
    public sealed override void WritePing() => output.Write(": ping\n\n"u8);

    /// <summary>A choice's last chunk.</summary>
    /// <param name="choice">The choice.</param>
    /// <param name="timings">The request's times if this is the stream's last chunk, else null.</param>
    protected abstract void WriteFinish(Choice choice, Timings? timings);

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

    /// <inheritdoc/>
    protected override void Dispose(bool isDisposing)
    {
        Json.Dispose();
        base.Dispose(isDisposing);
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
