using System.Buffers;
using InferenceServer.Server.Streaming;

namespace InferenceServer.Server.Tests.Streaming;

public sealed class ChatChunkWriterTests
{
    [Fact]
    public void Content_OfManyTokens_AllocatesNothing()
    {
        var output = new ArrayBufferWriter<byte>(1 << 20);
        using var writer = new ChatChunkWriter(output, new AnswerIdentity(AnswerIdentity.NewId("chatcmpl"), 1, "org/model", "fp_0123456789", "default"), includeUsage: true);
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
            writer.WriteText(0, " Größe 你好 \"quoted\" \n", []);
        }
    }
}
