using System.Buffers;
using System.Text.Json;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Streaming;

/// <summary>
/// Chat events in exactly the shapes that strict clients expect: the role once, one choice a chunk, nulls where they must be
/// and no key where none may be. Allocates nothing per token without log probabilities.
/// </summary>
/// <param name="output">Where the bytes go.</param>
/// <param name="identity">What every chunk repeats.</param>
/// <param name="includeUsage">True: chunks carry <c>usage: null</c>, and the last one the usage.</param>
internal sealed class ChatChunkWriter(IBufferWriter<byte> output, AnswerIdentity identity, bool includeUsage) : ChunkWriter(output, identity, includeUsage)
{
    private static readonly JsonEncodedText AssistantRole = JsonEncodedText.Encode("assistant");

    /// <inheritdoc/>
    protected override JsonEncodedText ObjectName { get; } = JsonEncodedText.Encode("chat.completion.chunk");

    /// <summary>A choice's first chunk: its role.</summary>
    public override void WriteStart(int index)
    {
        BeginChoice(index);
        Json.WriteString("role"u8, AssistantRole);
        Json.WriteString("content"u8, ""u8);
        Json.WriteNull("refusal"u8);
        EndChoice(null, null, []);
    }

    /// <inheritdoc/>
    public override void WriteText(int index, string text, IReadOnlyList<PlacedLogProbs> logProbs)
    {
        BeginChoice(index);
        Json.WriteString("content"u8, text);
        EndChoice(null, null, logProbs);
    }

    /// <inheritdoc/>
    public override void WriteFinish(int index, FinishReason reason, Timings? timings)
    {
        BeginChoice(index);
        EndChoice(WireWords.Of(reason), timings, []);
    }

    /// <inheritdoc/>
    protected override void WriteExtra() => Json.WriteString("service_tier"u8, Identity.ServiceTier);

    private void BeginChoice(int index)
    {
        BeginChunk();
        Json.WriteStartObject();
        Json.WriteNumber("index"u8, index);
        Json.WriteStartObject("delta"u8);
    }

    private void EndChoice(string? finishReason, Timings? timings, IReadOnlyList<PlacedLogProbs> logProbs)
    {
        Json.WriteEndObject();
        if (logProbs.Count > 0)
        {
            Json.WritePropertyName("logprobs"u8);
            JsonSerializer.Serialize(Json, WireLogProbs.ToChat(logProbs), OpenAiJson.Wire.ChatLogProbs);
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
