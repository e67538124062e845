using System.Buffers;
using System.Text.Json;
using InferenceServer.Server.Endpoints;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.LlamaServer;

/// <summary>A native stream: small answers, the last one of each prompt with the counts, and nothing after them.</summary>
/// <param name="output">Where the bytes go.</param>
/// <param name="answers">Makes the events.</param>
internal sealed class NativeEventWriter(IBufferWriter<byte> output, NativeAnswers answers) : AnswerWriter
{
    private readonly Utf8JsonWriter _json = new(output, new JsonWriterOptions { Encoder = OpenAiJson.Encoder, SkipValidation = true });

    /// <inheritdoc/>
    public override void Write(Choice choice, in AnswerEvent item) => Write(answers.ToEvent(choice, item));

    /// <inheritdoc/>
    public override void WriteFinish(Choice choice, Generation generation, bool isLast) => Write(answers.ToEnd(choice, generation, new Answer("", "", [], [])));

    /// <inheritdoc/>
    public override void WriteClosing(Generation generation)
    {
    }

    /// <inheritdoc/>
    public override void WriteError(RequestError error)
    {
        BeginEvent();
        JsonSerializer.Serialize(_json, ErrorAnswer.ToBody(error), OpenAiJson.Wire.ErrorBody);
        EndEvent();
    }

    /// <inheritdoc/>
    public override void WritePing() => output.Write(": ping\n\n"u8);

    /// <inheritdoc/>
    protected override void Dispose(bool isDisposing)
    {
        _json.Dispose();
        base.Dispose(isDisposing);
    }

    private void Write(NativeCompletionResponse item)
    {
        BeginEvent();
        JsonSerializer.Serialize(_json, item, LlamaServerJson.Wire.NativeCompletionResponse);
        EndEvent();
    }

    private void BeginEvent()
    {
        output.Write("data: "u8);
        _json.Reset();
    }

    private void EndEvent()
    {
        _json.Flush();
        output.Write("\n\n"u8);
    }
}
