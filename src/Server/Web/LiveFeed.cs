using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;

namespace InferenceServer.Server.Web;

/// <summary>One snapshot a second for all who watch; while nobody does, only the counts are looked at. Watching: any thread.</summary>
/// <param name="reader">Makes them.</param>
/// <param name="clock">For the pauses.</param>
internal sealed class LiveFeed(SnapshotReader reader, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<Channel<byte[]>> _watchers = [];

    /// <summary>Those who watch now.</summary>
    public int NumWatchers
    {
        get
        {
            lock (_gate)
            {
                return _watchers.Count;
            }
        }
    }

    /// <summary>Every snapshot from now on, as JSON; who reads slowly misses some. Ends when the server does.</summary>
    public async IAsyncEnumerable<byte[]> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate)
        {
            _watchers.Add(channel);
        }

        try
        {
            await foreach (var snapshot in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return snapshot;
            }
        }
        finally
        {
            lock (_gate)
            {
                _watchers.Remove(channel);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var stats = reader.Count();
            if (NumWatchers > 0)
            {
                Publish(JsonSerializer.SerializeToUtf8Bytes(await reader.ReadAsync(stats), SnapshotJson.Default.Snapshot));
            }

            await Task.Delay(Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Publish(byte[] snapshot)
    {
        lock (_gate)
        {
            foreach (var watcher in _watchers)
            {
                watcher.Writer.TryWrite(snapshot);
            }
        }
    }
}
