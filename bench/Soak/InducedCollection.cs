using System.Diagnostics.Tracing;
using System.Net.Sockets;
using Microsoft.Diagnostics.NETCore.Client;

namespace InferenceServer.Bench.Soak;

/// <summary>Makes the collector of another .NET process run, all generations, so that what is left is what the process holds.</summary>
internal static class InducedCollection
{
    private const string Provider = "Microsoft-Windows-DotNETRuntime";

    // GCHeapCollect of the runtime's own provider: whoever listens for it makes it collect.
    private const long Collect = 0x80_0000;

    private const int BufferMiB = 1;

    // The collection is over before the session has begun to send.
    private static readonly TimeSpan Listening = TimeSpan.FromMilliseconds(200);

    /// <summary>Returns when it is over; a process that is gone meanwhile, or not there yet, has nothing to collect.</summary>
    public static async Task RunAsync(int processId)
    {
        try
        {
            var client = new DiagnosticsClient(processId);
            using var session = await client.StartEventPipeSessionAsync([new EventPipeProvider(Provider, EventLevel.Informational, Collect)], requestRundown: false, BufferMiB, CancellationToken.None);
            var reading = session.EventStream.CopyToAsync(Stream.Null);
            await Task.Delay(Listening);
            await session.StopAsync(CancellationToken.None);
            await reading;
        }
        catch (Exception exception) when (exception is DiagnosticsClientException or IOException or SocketException or TimeoutException or ObjectDisposedException)
        {
            // Killed, as engines are here.
        }
    }
}
