using System.Buffers;
using System.Text.Json;
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

    /// <inheritdoc/>
    public override void Write(Choice choice, in AnswerEvent item) => Write(choice.Index, item.Text, item.LogProbs, null, null);

    /// <inheritdoc/>
    protected override void WriteFinish(Choice choice, Timings? timings) => Write(choice.Index, "", [], WireWords.Of(choice.Reason!.Value), timings);

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
