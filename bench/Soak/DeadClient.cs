using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace InferenceServer.Bench.Soak;

/// <summary>A client that dies: in the middle of its request, or with all of it sent and nothing of the answer read. Its connection ends by a reset.</summary>
internal static class DeadClient
{
    /// <summary>Lives and dies.</summary>
    /// <param name="server">Whom it asks.</param>
    /// <param name="body">What it asks.</param>
    /// <param name="share">Of its request that it sends: 1 is all.</param>
    /// <param name="life">After that, until the reset.</param>
    public static async Task<Outcome> DieAsync(Uri server, Dictionary<string, object?> body, double share, TimeSpan life)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(enable: true, seconds: 0) };
        try
        {
            await socket.ConnectAsync(server.Host, server.Port);
            var json = JsonSerializer.SerializeToUtf8Bytes(body);
            var head = Encoding.ASCII.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: {server.Authority}\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n\r\n");
            byte[] request = [.. head, .. json];
            await socket.SendAsync(request.AsMemory(0, (int)(share * request.Length)));
            await Task.Delay(life);
            return new Outcome(Ending.Left, IsAdmitted: false);
        }
        catch (SocketException exception)
        {
            return new Outcome(Ending.Lost, IsAdmitted: false, exception.Message);
        }
    }
}
