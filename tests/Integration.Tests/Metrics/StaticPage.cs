using System.Net;

namespace InferenceServer.Integration.Tests.Metrics;

/// <summary>A second target: a file as a page of metrics, for what only other machines measure.</summary>
internal sealed class StaticPage : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _loop;

    public StaticPage(string file)
    {
        var random = new Random();
        while (true)
        {
            Address = $"127.0.0.1:{random.Next(20_000, 60_000)}";
            _listener.Prefixes.Clear();
            _listener.Prefixes.Add($"http://{Address}/");
            try
            {
                _listener.Start();
                break;
            }
            catch (HttpListenerException)
            {
                // Taken.
            }
        }

        _loop = ServeAsync(File.ReadAllBytes(file));
    }

    /// <summary>Address and port.</summary>
    public string Address { get; }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _loop;
        ((IDisposable)_listener).Dispose();
    }

    private async Task ServeAsync(byte[] page)
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                context.Response.ContentType = "text/plain; version=0.0.4";
                await context.Response.OutputStream.WriteAsync(page);
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // Stopped.
        }
    }
}
