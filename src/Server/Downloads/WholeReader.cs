namespace InferenceServer.Server.Downloads;

/// <summary>Fetches a file from a server that gives no parts, from beginning to end. What broke off begins anew.</summary>
internal sealed class WholeReader(DownloadClient client, Uri address, DownloadOptions options, RetryPolicy retries, DownloadProgress progress)
{
    private const int BufferLength = 256 * 1024;

    /// <summary>Writes the file's bytes. Throws <see cref="DownloadException"/> if that is hopeless.</summary>
    /// <param name="target">Emptied before each attempt.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(FileStream target, CancellationToken cancellationToken)
    {
        while (true)
        {
            target.SetLength(0);
            progress.Start(0, progress.Length);
            var round = await retries.WaitAsync(cancellationToken);
            Exception? failure = null;
            string problem;
            try
            {
                await ReadAsync(target, cancellationToken);
                return;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                problem = $"{address.Host} was silent for {options.Silence.TotalSeconds:F0} s";
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                (failure, problem) = (e, e.Message);
            }

            if (!retries.TryAgain(round, problem, failure))
            {
                throw new DownloadException(
                    DownloadStatus.Failed, $"Gave up after {options.MaxFailures} attempts, as {address.Host} cannot continue what broke off. The last one: {problem}.");
            }
        }
    }

    private async Task ReadAsync(FileStream target, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(options.Silence);
        using var answer = await client.GetAsync(address, 0, null, silence.Token);
        client.ThrowIfFailed(answer.Response, address);
        await using var body = await answer.Response.Content.ReadAsStreamAsync(silence.Token);
        var buffer = new byte[BufferLength];
        for (var count = -1; count != 0;)
        {
            silence.CancelAfter(options.Silence);
            count = await body.ReadAsync(buffer, silence.Token);
            await WriteAsync(target, buffer.AsMemory(0, count), cancellationToken);
            progress.Add(count);
        }
    }

    private static async Task WriteAsync(FileStream target, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await target.WriteAsync(bytes, cancellationToken);
        }
        catch (IOException e)
        {
            throw PartialFile.Explain(target.Name, e);
        }
    }
}
