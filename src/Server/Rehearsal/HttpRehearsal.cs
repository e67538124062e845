using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using InferenceServer.Inference.Engine;
using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;
using InferenceServer.Telemetry.Metrics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Server.Rehearsal;

/// <summary>
/// Plays the usual requests through a second copy of the application while the model loads, so that the first client does not wait for their code to be
/// compiled, nor for the chat template's first run. The copy has an engine of its own that computes nothing, meters that nobody listens to and no log; it
/// listens on a free port of the loopback while it plays, and nothing of it stays.
/// </summary>
internal static class HttpRehearsal
{
    private const string Chat = """{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Count."}],"max_tokens":8,"temperature":0.5""";

    private static readonly (string Path, string Body)[] Requests =
    [
        ("/v1/chat/completions", Chat + ""","stream":true,"stream_options":{"include_usage":true}}"""),
        ("/v1/chat/completions", Chat + "}"),
        ("/v1/messages", Chat.Replace("""{"role":"system","content":"Be brief."},""", "", StringComparison.Ordinal) + ""","stream":true}"""),
        ("/v1/responses", """{"input":"Count.","store":false,"stream":true}"""),
    ];

    /// <summary>Plays them all and returns their statuses; what goes wrong is in the task and matters to nobody.</summary>
    /// <param name="settings">The server's; those of access, metrics and log do not count.</param>
    /// <param name="model">Whose template is run.</param>
    public static async Task<IReadOnlyList<int>> RunAsync(Settings settings, ServedModel model)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IInferenceEngine, RehearsalEngine>();
        builder.Services.AddSingleton<IMeterFactory, UnheardMeters>();
        var open = settings with
        {
            Server = new ServerOptions(),
            Metrics = new MetricsOptions { Enabled = false },
            Log = new LogOptions(),
            Limits = new LimitOptions(),
            Tls = new TlsOptions(),
        };
        await using var app = ServerApplication.Create(builder, open, model);

        // The web server alone, without the services that a host starts.
        var server = app.Services.GetRequiredService<IServer>();
        await server.StartAsync(new Stage(((IApplicationBuilder)app).UseEndpoints(_ => { }).Build(), app.Services), CancellationToken.None);
        var port = new Uri(app.ClientAddress()).Port;
        var statuses = new List<int>();
        foreach (var (path, body) in Requests)
        {
            statuses.Add(await SendAsync(port, path, body));
        }

        await server.StopAsync(CancellationToken.None);
        return statuses;
    }

    // Without a client of the framework's, whose code would have to be compiled, too.
    private static async Task<int> SendAsync(int port, string path, string body)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"));
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync();
        return int.Parse(answer.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
    }

    private sealed class Stage(RequestDelegate pipeline, IServiceProvider services) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures) { RequestServices = services };

        public Task ProcessRequestAsync(HttpContext context) => pipeline(context);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
            // Its services are the application's.
        }
    }

    // Those who collect listen by name.
    private sealed class UnheardMeters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new("Rehearsal");

        public void Dispose()
        {
            // Meters that nobody listens to hold nothing.
        }
    }
}
