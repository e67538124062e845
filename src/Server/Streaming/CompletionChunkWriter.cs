using System.Buffers;
using System.Text.Json;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Streaming;

/// <summary>Events of a completion stream: each is a small completion, one choice a chunk, the last one of a choice without text.</summary>
/// <param name="output">Where the bytes go.</param>
/// <param name="identity">What every chunk repeats.</param>
/// <param name="includeUsage">True: chunks carry <c>usage: null</c>, and the last one the usage.</param>
internal sealed class CompletionChunkWriter(IBufferWriter<byte> output, AnswerIdentity identity, bool includeUsage) : ChunkWriter(output, identity, includeUsage)
{
    /// <inheritdoc/>
    protected override JsonEncodedText ObjectName { get; } = JsonEncodedText.Encode("text_completion");

    /// <summary>Nothing: a completion has no role to introduce.</summary>
    public override void WriteStart(int index)
    {
    }

    /// <inheritdoc/>
    public override void WriteText(int index, string text, IReadOnlyList<PlacedLogProbs> logProbs) => Write(index, text, logProbs, null, null);

    /// <inheritdoc/>
    public override void WriteFinish(int index, FinishReason reason, Timings? timings) => Write(index, "", [], WireWords.Of(reason), timings);

    private void Write(int index, string text, IReadOnlyList<PlacedLogProbs> logProbs, string? finishReason, Timings? timings)
    {
        BeginChunk();
        Json.WriteStartObject();
        Json.WriteString("text"u8, text);
        Json.WriteNumber("index"u8, index);
        if (logProbs.Count > 0)
        {
            Json.WritePropertyName("logprobs"u8);
            JsonSerializer.Serialize(Json, WireLogProbs.ToCompletion(logProbs), OpenAiJson.Wire.CompletionLogProbs);
        }
        else
        {
            Json.WriteNull("logprobs"u8);
        }

        Json.WriteString("finish_reason"u8, finishReason);
        Json.WriteEndObject();
        EndChunk(timings);
    }
}
