using System.Buffers;
using InferenceServer.Inference.Engine;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Tests.Streaming;

public sealed class ChatChunkWriterTests
{
    private static readonly PlainChoice Choice = new(0, new GenerationStream(0), new RequestedEnd(), TimeProvider.System, echo: null);

    [Fact]
    public void Content_OfManyTokens_AllocatesNothing()
    {
        var output = new ArrayBufferWriter<byte>(1 << 20);
        using var writer = new ChatChunkWriter(output, new AnswerIdentity(AnswerIdentity.NewId("chatcmpl-"), 1, "org/model", "fp_0123456789", "default"), includeUsage: true, ToolUse.None);
        Write(writer, output);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Write(writer, output);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Write(ChatChunkWriter writer, ArrayBufferWriter<byte> output)
    {
        for (var i = 0; i < 1000; i++)
        {
            output.ResetWrittenCount();
            writer.Write(Choice, AnswerEvent.OfContent(" Größe 你好 \"quoted\" \n", []));
        }
    }
}
