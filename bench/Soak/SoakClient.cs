using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace InferenceServer.Bench.Soak;

/// <summary>Sends requests of any kind and tells how each ended. Any number at a time.</summary>
internal sealed class SoakClient : IDisposable
{
    // What takes longer never ends.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly HttpClient _http;

    /// <param name="server">Where it listens.</param>
    /// <param name="receiveBytes">Size of its sockets' buffers, so that the server feels a slow reader; null leaves it to the system.</param>
    public SoakClient(Uri server, int? receiveBytes = null)
    {
        Server = server;
        var handler = new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = int.MaxValue };
        if (receiveBytes is { } bytes)
        {
            handler.ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = bytes };
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }

        _http = new HttpClient(handler) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Where it listens.</summary>
    public Uri Server { get; }

    /// <summary>Asks for a stream and reads it to its end.</summary>
    /// <param name="path">Of the endpoint.</param>
    /// <param name="body">What to ask.</param>
    /// <param name="judge">What is wrong with an answer that ended as it should; null for nothing.</param>
    /// <param name="leaveAfter">When to hang up; null never does.</param>
    /// <param name="pause">Between two events.</param>
    public async Task<Outcome> StreamAsync(string path, Dictionary<string, object?> body, Func<StreamedAnswer, string?> judge, TimeSpan? leaveAfter = null, TimeSpan pause = default)
    {
        using var leaving = new CancellationTokenSource(leaveAfter ?? Patience);
        var isAdmitted = false;
        try
        {
            var asked = new Dictionary<string, object?>(body) { ["stream"] = true, ["stream_options"] = new { include_usage = true } };
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(asked) };
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
            isAdmitted = response.IsSuccessStatusCode;
            if (!isAdmitted)
            {
                return await RefusedAsync(response);
            }

            await using var stream = await response.Content.ReadAsStreamAsync(leaving.Token);
            var answer = new StreamedAnswer();
            await answer.ReadAsync(stream, pause, leaving.Token);
            return answer.Outcome is { Ending: Ending.Answered } outcome ? judge(answer) is { } fault ? Outcome.Wrong(fault) : outcome : answer.Outcome;
        }
        catch (OperationCanceledException)
        {
            return leaveAfter is null ? new Outcome(Ending.Lost, isAdmitted, "No end came.") : new Outcome(Ending.Left, isAdmitted);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException)
        {
            return new Outcome(Ending.Lost, isAdmitted, exception.Message);
        }
    }

    /// <summary>Posts bytes and reads the answer whole.</summary>
    /// <param name="path">Of the endpoint.</param>
    /// <param name="content">The body.</param>
    /// <param name="judge">What is wrong with an answer of status 200; null for nothing.</param>
    public async Task<Outcome> PostAsync(string path, HttpContent content, Func<JsonElement, string?> judge)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            using var response = await _http.PostAsync(new Uri(path, UriKind.Relative), content, patience.Token);
            if (!response.IsSuccessStatusCode)
            {
                return await RefusedAsync(response);
            }

            return judge(await response.Content.ReadFromJsonAsync<JsonElement>(patience.Token)) is { } fault ? Outcome.Wrong(fault) : new Outcome(Ending.Answered, IsAdmitted: true);
        }
        catch (OperationCanceledException)
        {
            return new Outcome(Ending.Lost, IsAdmitted: false, "No answer came.");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException)
        {
            return new Outcome(Ending.Lost, IsAdmitted: false, exception.Message);
        }
    }

    /// <summary>The page of metrics.</summary>
    public Task<string> ReadMetricsAsync(CancellationToken cancellationToken) => _http.GetStringAsync(new Uri("metrics", UriKind.Relative), cancellationToken);

    public void Dispose() => _http.Dispose();

    // A refusal says why, in OpenAI's words; 500 is none.
    private static async Task<Outcome> RefusedAsync(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        var text = await response.Content.ReadAsStringAsync();
        var saysWhy = text.StartsWith('{') && JsonElement.Parse(text).TryGetProperty("error", out _);
        return status is 500 || !saysWhy ? new Outcome(Ending.Failed, IsAdmitted: false, $"{status}: {text}") : new Outcome(Ending.Refused, IsAdmitted: false, $"{status}");
    }
}
