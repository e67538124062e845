using System.Buffers;
using BenchmarkDotNet.Attributes;
using InferenceServer.Inference.Engine;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Bench.Micro;

/// <summary>A token's text as the bytes of a server-sent event, on the request's thread.</summary>
public class ChunkWriterBenchmarks : IDisposable
{
    private readonly ArrayBufferWriter<byte> _output = new(4096);
    private readonly ChatChunkWriter _writer;
    private readonly PlainChoice _choice = new(0, new GenerationStream(0), new RequestedEnd(), TimeProvider.System, echo: null);

    /// <summary>A writer in the middle of an answer.</summary>
    public ChunkWriterBenchmarks() =>
        _writer = new ChatChunkWriter(_output, new AnswerIdentity(AnswerIdentity.NewId("chatcmpl-"), 1_700_000_000, "model", "fingerprint", "default"), includeUsage: true, ToolUse.None);

    /// <summary>One chunk; returns its bytes.</summary>
    [Benchmark]
    public int WriteContent()
    {
        _output.ResetWrittenCount();
        _writer.Write(_choice, AnswerEvent.OfContent(" capital", []));
        return _output.WrittenCount;
    }

    /// <summary>After the last run.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _writer.Dispose();
        GC.SuppressFinalize(this);
    }
}
