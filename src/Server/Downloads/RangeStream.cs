namespace InferenceServer.Server.Downloads;

/// <summary>
/// A file on a server as a stream that can seek: to read a header of some megabytes out of tens of gigabytes. Fetches blocks when they are
/// needed and keeps them. Errors are those of file streams. One thread.
/// </summary>
internal sealed class RangeStream : Stream
{
    // A header with a large vocabulary has 5 to 10 MB: a few requests.
    private const int BlockLength = 2 << 20;

    // No header comes near it: whoever reads on is not reading a header.
    private const int MaxBlocks = 128;

    private readonly DownloadClient _client;
    private readonly Uri _address;
    private readonly Dictionary<long, byte[]> _blocks = [];

    private RangeStream(DownloadClient client, Uri address, long length)
    {
        _client = client;
        _address = address;
        Length = length;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override long Position { get; set; }

    /// <summary>Opens a file. Throws <see cref="FileNotFoundException"/> or <see cref="IOException"/>.</summary>
    public static RangeStream Open(DownloadClient client, Uri address) => Run(async () =>
    {
        var remote = await client.ProbeAsync(address, CancellationToken.None);
        return remote is { HasRanges: true, Length: { } length }
            ? new RangeStream(client, address, length)
            : throw new IOException($"{address.Host} sends no parts of files: pull it first");
    });

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty || Position >= Length)
        {
            return 0;
        }

        var (index, offset) = Math.DivRem(Position, BlockLength);
        if (!_blocks.TryGetValue(index, out var block))
        {
            if (_blocks.Count == MaxBlocks)
            {
                throw new IOException("its header has no end");
            }

            block = Run(() => FetchAsync(index * BlockLength));
            _blocks.Add(index, block);
        }

        var count = Math.Min(buffer.Length, block.Length - (int)offset);
        block.AsSpan((int)offset, count).CopyTo(buffer);
        Position += count;
        return count;
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private async Task<byte[]> FetchAsync(long start)
    {
        var end = Math.Min(start + BlockLength, Length);
        using var answer = await _client.GetAsync(_address, start, end - 1, CancellationToken.None);
        _client.ThrowIfFailed(answer.Response, _address);
        if (answer.Response.Content.Headers.ContentRange?.From != start)
        {
            throw new IOException($"{_address.Host} sent other bytes than were asked for");
        }

        var block = new byte[end - start];
        await using var body = await answer.Response.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(block);
        return block;
    }

    // Whoever reads a header reads files otherwise, and waits for them.
    private static T Run<T>(Func<Task<T>> action)
    {
        try
        {
            return Task.Run(action).GetAwaiter().GetResult();
        }
        catch (DownloadException e)
        {
            throw e.Status == DownloadStatus.NotFound ? new FileNotFoundException(e.Message) : new IOException(e.Message, e);
        }
        catch (HttpRequestException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}
