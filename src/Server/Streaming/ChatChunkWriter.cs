using System.Buffers;
using System.Text.Json;
using InferenceServer.Inference.Chat.Output;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Streaming;

/// <summary>
/// Chat events in exactly the shapes that strict clients expect: role, ids and names once, one choice a chunk, nulls where they must be
/// and no key where none may be. Allocates nothing per token without log probabilities.
/// </summary>
/// <param name="output">Where the bytes go.</param>
/// <param name="identity">What every chunk repeats.</param>
/// <param name="includeUsage">True: chunks carry <c>usage: null</c>, and the last one the usage.</param>
/// <param name="tools">What the answer may call.</param>
internal sealed class ChatChunkWriter(IBufferWriter<byte> output, AnswerIdentity identity, bool includeUsage, ToolUse tools) : ChunkWriter(output, identity, includeUsage)
{
    private static readonly JsonEncodedText AssistantRole = JsonEncodedText.Encode("assistant");
    private static readonly JsonEncodedText Function = JsonEncodedText.Encode("function");
    private static readonly JsonEncodedText Custom = JsonEncodedText.Encode("custom");
    private static readonly JsonEncodedText Arguments = JsonEncodedText.Encode("arguments");
    private static readonly JsonEncodedText Input = JsonEncodedText.Encode("input");

    // Choices whose text is still null.
    private readonly HashSet<int> _empty = [];

    // Calls of custom tools, by choice and call.
    private readonly HashSet<(int Choice, int Call)> _custom = [];

    /// <inheritdoc/>
    protected override JsonEncodedText ObjectName { get; } = JsonEncodedText.Encode("chat.completion.chunk");

    /// <summary>A choice's first chunk: its role.</summary>
    public override void WriteStart(Choice choice)
    {
        BeginChoice(choice.Index);
        Json.WriteString("role"u8, AssistantRole);
        if (!tools.Tools.IsEmpty)
        {
            // The answer may be calls and no text.
            _empty.Add(choice.Index);
            Json.WriteNull("content"u8);
        }
        else
        {
            Json.WriteString("content"u8, ""u8);
        }

        Json.WriteNull("refusal"u8);
        EndChoice(null, null, []);
    }

    /// <inheritdoc/>
    public override void Write(Choice choice, in AnswerEvent item)
    {
        switch (item.Kind)
        {
            case ChatOutputKind.Content:
                WriteContent(choice.Index, item.Text, item.LogProbs);
                break;
            case ChatOutputKind.Reasoning:
                BeginChoice(choice.Index);
                Json.WriteString("reasoning_content"u8, item.Text);
                EndChoice(null, null, []);
                break;
            case ChatOutputKind.CallStarted or ChatOutputKind.CallArguments:
                _empty.Remove(choice.Index);
                BeginChoice(choice.Index);
                WriteCall(choice.Index, item.Output);
                EndChoice(null, null, []);
                break;
            default:
                // Chunks say nothing of a call's end; one that broke stays as it is.
                break;
        }
    }

    /// <inheritdoc/>
    protected override void WriteFinish(Choice choice, Timings? timings)
    {
        if (_empty.Contains(choice.Index))
        {
            // Without calls the answer is a text, though an empty one.
            WriteContent(choice.Index, "", []);
        }

        BeginChoice(choice.Index);
        EndChoice(WireWords.OfChat(choice, tools), timings, []);
    }

    /// <inheritdoc/>
    protected override void WriteExtra() => Json.WriteString("service_tier"u8, Identity.ServiceTier);

    private void WriteContent(int index, string text, IReadOnlyList<PlacedLogProbs> logProbs)
    {
        _empty.Remove(index);
        BeginChoice(index);
        Json.WriteString("content"u8, text);
        EndChoice(null, null, logProbs);
    }

    // Id, type and name once: clients join what is repeated.
    private void WriteCall(int choice, in ChatOutputEvent item)
    {
        if (tools.UsesFunctions)
        {
            Json.WriteStartObject("function_call"u8);
            WriteCallee(item, Arguments);
            return;
        }

        var isNew = item.Kind == ChatOutputKind.CallStarted;
        if (isNew && tools.IsCustom(item.CallName!))
        {
            _custom.Add((choice, item.CallIndex));
        }

        var isCustom = _custom.Contains((choice, item.CallIndex));
        Json.WriteStartArray("tool_calls"u8);
        Json.WriteStartObject();
        Json.WriteNumber("index"u8, item.CallIndex);
        if (isNew)
        {
            Json.WriteString("id"u8, item.CallId);
            Json.WriteString("type"u8, isCustom ? Custom : Function);
        }

        Json.WriteStartObject(isCustom ? Custom : Function);
        WriteCallee(item, isCustom ? Input : Arguments);
        Json.WriteEndObject();
        Json.WriteEndArray();
    }

    private void WriteCallee(in ChatOutputEvent item, JsonEncodedText textKey)
    {
        if (item.Kind == ChatOutputKind.CallStarted)
        {
            Json.WriteString("name"u8, item.CallName);
        }

        Json.WriteString(textKey, item.Text);
        Json.WriteEndObject();
    }

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
