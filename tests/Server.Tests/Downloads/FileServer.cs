using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace InferenceServer.Server.Tests.Downloads;

/// <summary>A file server on a free port that behaves as well or badly as a test wants.</summary>
internal sealed class FileServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _numRequests;
    private long _numBytes;

    private FileServer(WebApplication app, byte[] content)
    {
        _app = app;
        Content = content;
        Handle = (context, _) => SendAsync(context);
    }

    /// <summary>The file.</summary>
    public byte[] Content { get; set; }

    /// <summary>Answers a request; is given its number, from 1. A good server's answer by default.</summary>
    public Func<HttpContext, int, Task> Handle { get; set; }

    /// <summary>What came in: paths, ranges and authorizations.</summary>
    public ConcurrentQueue<(string Path, string? Range, string? Authorization)> Requests { get; } = new();

    /// <summary>Bytes of the file that were sent.</summary>
    public long NumBytes => Interlocked.Read(ref _numBytes);

    /// <summary>Where it is.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Starts one.</summary>
    public static async Task<FileServer> StartAsync(byte[] content)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRouting();
        var app = builder.Build();
        var server = new FileServer(app, content);
        app.Run(server.OnRequestAsync);
        await app.StartAsync();
        server.Address = new Uri(app.Urls.First());
        return server;
    }

    /// <summary>The part that a request asks for, cut to what there is; null if it asks for none.</summary>
    public (long From, long To)? RangeOf(HttpContext context)
    {
        var range = context.Request.GetTypedHeaders().Range?.Ranges.Single();
        return range is null ? null : (range.From!.Value, Math.Min(range.To ?? long.MaxValue, Content.Length - 1));
    }

    /// <summary>Answers as a good server does, or with some flaws.</summary>
    /// <param name="context">The request.</param>
    /// <param name="breakAfter">Bytes after which the connection breaks; null for none.</param>
    /// <param name="total">Length that it claims; null for the real one.</param>
    public async Task SendAsync(HttpContext context, long? breakAfter = null, long? total = null)
    {
        context.Response.Headers.ETag = "\"version 1\"";
        var length = total ?? Content.Length;
        if (RangeOf(context) is not var (from, to))
        {
            context.Response.ContentLength = length;
            await WriteAsync(context, 0, Content.Length, breakAfter);
            return;
        }

        if (from >= Content.Length)
        {
            context.Response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            context.Response.Headers.ContentRange = $"bytes */{Content.Length}";
            return;
        }

        context.Response.StatusCode = StatusCodes.Status206PartialContent;
        context.Response.ContentLength = to - from + 1;
        context.Response.GetTypedHeaders().ContentRange = new ContentRangeHeaderValue(from, to, length);
        await WriteAsync(context, from, to - from + 1, breakAfter);
    }

    /// <summary>Sends bytes of the file and counts them; breaks the connection if told so.</summary>
    public async Task WriteAsync(HttpContext context, long from, long count, long? breakAfter = null)
    {
        const int Step = 16 * 1024;
        for (var sent = 0L; sent < count;)
        {
            var portion = (int)Math.Min(Step, Math.Min(count, breakAfter ?? count) - sent);
            if (portion <= 0)
            {
                await context.Response.Body.FlushAsync();

                // A reset connection takes with it what is still on its way.
                await Task.Delay(20);
                context.Abort();
                return;
            }

            // Counted before: the client may be done before this thread goes on.
            Interlocked.Add(ref _numBytes, portion);
            await context.Response.Body.WriteAsync(Content.AsMemory((int)(from + sent), portion), context.RequestAborted);
            sent += portion;
        }
    }

    /// <summary>Answers with a status and perhaps a wait.</summary>
    public static Task FailAsync(HttpContext context, int status, int? retryAfter = null)
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null)
        {
            context.Response.Headers.RetryAfter = retryAfter.Value.ToString(CultureInfo.InvariantCulture);
        }

        return Task.CompletedTask;
    }

    /// <summary>Listens no more.</summary>
    public Task StopAsync() => _app.StopAsync(new CancellationToken(canceled: true));

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _app.DisposeAsync();
    }

    private async Task OnRequestAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        Requests.Enqueue((context.Request.Path.Value!, headers.Range, headers.Authorization));
        try
        {
            await Handle(context, Interlocked.Increment(ref _numRequests));
        }
        catch (OperationCanceledException)
        {
            // The client went away.
        }
    }
}
