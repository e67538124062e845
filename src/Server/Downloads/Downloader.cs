using System.Security.Cryptography;

namespace InferenceServer.Server.Downloads;

/// <summary>
/// Downloads files: in parts and over several connections where the server can, going on where an earlier attempt ended, checked, and put in
/// place at once when it is whole. Whatever the server or the disk does, the outcome is a value.
/// </summary>
internal sealed class Downloader(HuggingFace hub, DownloadOptions options, TimeProvider clock) : IDisposable
{
    private const int HashBufferLength = 1 << 20;

    private readonly DownloadClient _client = new(hub);

    /// <summary>Downloads a file.</summary>
    /// <param name="source">Where from.</param>
    /// <param name="target">Where to; replaced if the server has one of another length.</param>
    /// <param name="sha256">The hash that it must have, in hex digits; null leaves it to what the hub says.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Stops it; what arrived is kept.</param>
    public async Task<DownloadResult> RunAsync(ModelSource source, string target, string? sha256, DownloadProgress progress, CancellationToken cancellationToken)
    {
        try
        {
            var retries = new RetryPolicy(options, clock, progress);
            var remote = await ProbeAsync(source.Address, retries, cancellationToken);
            if (sha256 is not null && remote.Sha256 is not null && !IsSame(sha256, remote.Sha256))
            {
                return new DownloadResult(DownloadStatus.WrongContent, $"{source.Address} has the SHA-256 {remote.Sha256}, not {sha256}.");
            }

            progress.Start(0, remote.Length ?? 0);
            if (IsThere(target, remote))
            {
                progress.Start(remote.Length ?? 0, remote.Length ?? 0);
                return new DownloadResult(DownloadStatus.AlreadyThere, null);
            }

            await (remote is { HasRanges: true, Length: > 0 }
                ? RunInPartsAsync(source, target, remote, sha256 ?? remote.Sha256, retries, progress, cancellationToken)
                : RunWholeAsync(source, target, remote, sha256 ?? remote.Sha256, retries, progress, cancellationToken));
            return new DownloadResult(DownloadStatus.Done, null);
        }
        catch (DownloadException e)
        {
            return new DownloadResult(e.Status, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var failure = PartialFile.Explain(target, e);
            return new DownloadResult(failure.Status, failure.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new DownloadResult(DownloadStatus.Cancelled, $"Stopped with {DataSize.Text(progress.NumDone)} of {source.FileName}; the same command goes on from there.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static bool IsThere(string target, RemoteFile remote) =>
        new FileInfo(target) is { Exists: true } file && (remote.Length is null || file.Length == remote.Length);

    private static bool IsSame(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private async Task<RemoteFile> ProbeAsync(Uri address, RetryPolicy retries, CancellationToken cancellationToken)
    {
        while (true)
        {
            var round = await retries.WaitAsync(cancellationToken);
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            silence.CancelAfter(options.Silence);
            Exception? failure = null;
            string problem;
            try
            {
                return await _client.ProbeAsync(address, silence.Token);
            }
            catch (HttpRequestException e)
            {
                (failure, problem) = (e, e.Message);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                problem = $"it was silent for {options.Silence.TotalSeconds:F0} s";
            }

            if (!retries.TryAgain(round, $"{address.Host} could not be asked: {problem}", failure))
            {
                throw new DownloadException(DownloadStatus.Failed, $"{address.Host} could not be asked for {address}: {problem}.");
            }
        }
    }

    private async Task RunInPartsAsync(
        ModelSource source, string target, RemoteFile remote, string? sha256, RetryPolicy retries, DownloadProgress progress, CancellationToken cancellationToken)
    {
        using var file = PartialFile.Open(target, remote, options.PartLength, clock);
        if (IsThere(target, remote))
        {
            // Another pull finished between our first look and our lock.
            file.Delete();
            progress.Start(file.Length, file.Length);
            return;
        }

        progress.Start(file.NumDone, file.Length);
        try
        {
            var reader = new PartReader(_client, source.Address, file, options, retries, progress);
            await RunTogetherAsync(Math.Min(options.Connections, file.NumParts), reader.RunAsync, cancellationToken);
        }
        finally
        {
            file.Save();
        }

        var hash = sha256 is null ? null : await HashAsync((bytes, position) => file.ReadAsync(bytes, position, cancellationToken), progress);
        if (hash is not null && !IsSame(hash, sha256!))
        {
            file.Delete();
            throw WrongHash(source, hash, sha256!);
        }

        file.MoveTo(target);
    }

    private async Task RunWholeAsync(
        ModelSource source, string target, RemoteFile remote, string? sha256, RetryPolicy retries, DownloadProgress progress, CancellationToken cancellationToken)
    {
        await using var file = PartialFile.OpenWhole(target, remote.Length);
        await new WholeReader(_client, source.Address, options, retries, progress).RunAsync(file, cancellationToken);
        if (remote.Length is { } length && file.Length != length)
        {
            File.Delete(file.Name);
            throw new DownloadException(DownloadStatus.WrongContent, $"{source.Address} announced {length} bytes and sent {file.Length}.");
        }

        var hash = sha256 is null ? null : await HashAsync((bytes, position) => RandomAccess.ReadAsync(file.SafeFileHandle, bytes, position, cancellationToken), progress);
        if (hash is not null && !IsSame(hash, sha256!))
        {
            File.Delete(file.Name);
            throw WrongHash(source, hash, sha256!);
        }

        file.Flush(flushToDisk: true);
        File.Move(file.Name, target, overwrite: true);
    }

    /// <summary>Runs some tasks of the same kind; the first that fails ends the others.</summary>
    private static async Task RunTogetherAsync(int count, Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tasks = Enumerable.Range(0, count).Select(_ => run(ending.Token)).ToList();
        try
        {
            while (tasks.Count > 0)
            {
                var finished = await Task.WhenAny(tasks);
                tasks.Remove(finished);
                await finished;
            }
        }
        catch
        {
            await ending.CancelAsync();
            await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private static async Task<string> HashAsync(Func<Memory<byte>, long, ValueTask<int>> read, DownloadProgress progress)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[HashBufferLength];
        for (var position = 0L; ;)
        {
            var count = await read(buffer, position);
            if (count == 0)
            {
                return Convert.ToHexStringLower(hash.GetHashAndReset());
            }

            hash.AppendData(buffer, 0, count);
            position += count;
            progress.AddChecked(count);
        }
    }

    private static DownloadException WrongHash(ModelSource source, string found, string wanted) =>
        new(DownloadStatus.WrongContent, $"{source.FileName} arrived with the SHA-256 {found} instead of {wanted}; it was deleted.");
}
