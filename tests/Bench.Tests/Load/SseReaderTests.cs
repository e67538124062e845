using System.Text;
using InferenceServer.Bench.Load;

namespace InferenceServer.Bench.Tests.Load;

public sealed class SseReaderTests
{
    private const string Events = ": ping\n\ndata: {\"a\":1}\r\n\r\nevent: x\ndata:two\n\ndata: [DONE]\n\n";

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task Read_AnyPortions_GivesDataLines(int portion)
    {
        var reader = new SseReader(new PortionedStream(Encoding.UTF8.GetBytes(Events), portion), () => 0);
        Assert.Equal(["{\"a\":1}", "two", "[DONE]"], await ReadAllAsync(reader));
    }

    [Fact]
    public async Task Read_LineLongerThanBuffer_IsWhole()
    {
        var data = new string('x', 100_000);
        var reader = new SseReader(new PortionedStream(Encoding.UTF8.GetBytes($"data: {data}\n\n"), 4096), () => 0);
        Assert.Equal([data], await ReadAllAsync(reader));
    }

    private static async Task<List<string>> ReadAllAsync(SseReader reader)
    {
        var lines = new List<string>();
        while (await reader.ReadAsync(CancellationToken.None))
        {
            lines.Add(Encoding.UTF8.GetString(reader.Data.Span));
        }

        return lines;
    }

    private sealed class PortionedStream(byte[] bytes, int portion) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(portion, buffer.Length)], cancellationToken);
    }
}
