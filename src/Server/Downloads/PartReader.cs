using System.Net;

namespace InferenceServer.Server.Downloads;

/// <summary>Fetches parts of a file until none is missing; several run at once. A broken connection goes on where it broke.</summary>
internal sealed class PartReader(DownloadClient client, Uri address, PartialFile file, DownloadOptions options, RetryPolicy retries, DownloadProgress progress)
{
    private const int BufferLength = 256 * 1024;

    private int _nextPart = -1;

    /// <summary>Fetches whatever part is next until there is none. Throws <see cref="DownloadException"/> if that is hopeless.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferLength];
        for (var part = Interlocked.Increment(ref _nextPart); part < file.NumParts; part = Interlocked.Increment(ref _nextPart))
        {
            while (file.GetMissing(part) is var (start, end) && start < end)
            {
                var round = await retries.WaitAsync(cancellationToken);
                await TryReadAsync(part, start, end, buffer, round, cancellationToken);
            }
        }
    }

    private async Task TryReadAsync(int part, long start, long end, byte[] buffer, int round, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        string problem;
        try
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            silence.CancelAfter(options.Silence);
            using var answer = await client.GetAsync(address, start, end - 1, silence.Token);
            var response = answer.Response;
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                throw new DownloadException(DownloadStatus.WrongContent, $"{address.Host} has no byte {start} of {address}, though it announced {file.Length} bytes.");
            }

            client.ThrowIfFailed(response, address);
            var range = response.Content.Headers.ContentRange;
            if (response.StatusCode == HttpStatusCode.PartialContent && range?.From == start && range.Length == file.Length)
            {
                await ReadBodyAsync(response, part, end - start, buffer, silence, cancellationToken);
                return;
            }

            problem = range?.Length is { } length && length != file.Length
                ? throw new DownloadException(DownloadStatus.WrongContent, $"{address} had {file.Length} bytes and now has {length}: it changed meanwhile.")
                : $"{address.Host} sent other bytes than were asked for";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            problem = $"{address.Host} was silent for {options.Silence.TotalSeconds:F0} s";
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            failure = e;
            problem = e is ServerFailureException ? e.Message : $"the connection to {address.Host} broke: {e.Message}";
        }

        if (!retries.TryAgain(round, problem, failure))
        {
            throw new DownloadException(DownloadStatus.Failed, $"Gave up after {options.MaxFailures} failures in a row; what arrived is kept. The last one: {problem}.");
        }
    }

    // No more than was asked for, whatever the server sends.
    private async Task ReadBodyAsync(
        HttpResponseMessage response, int part, long wanted, byte[] buffer, CancellationTokenSource silence, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(silence.Token);
        while (wanted > 0)
        {
            silence.CancelAfter(options.Silence);
            var count = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, wanted)), silence.Token);
            if (count == 0)
            {
                throw new IOException("it ended early");
            }

            await file.WriteAsync(part, buffer.AsMemory(0, count), cancellationToken);
            wanted -= count;
            progress.Add(count);
            retries.Succeed();
        }
    }
}
