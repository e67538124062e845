using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Hosting;
using InferenceServer.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Server.Tests;

/// <summary>The server as it is composed in production, on a free port of a real Kestrel, over a fake engine and a fixed clock.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    public const int VocabularySize = 1000;
    public const int ContextLength = 2048;
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly WebApplication _app;
    private readonly string _folder;

    private TestApp(WebApplication app, FakeEngine engine, string folder)
    {
        _folder = folder;
        _app = app;
        Engine = engine;
        Address = app.ClientAddress();
        Client = new HttpClient { BaseAddress = new Uri(Address), Timeout = Patience };
    }

    public FakeEngine Engine { get; }

    public string Address { get; }

    public HttpClient Client { get; }

    public int Port => new Uri(Address).Port;

    public IServiceProvider Services => _app.Services;

    public Drain Drain => _app.Services.GetRequiredService<Drain>();

    public AdmissionGate Gate => _app.Services.GetRequiredService<AdmissionGate>();

    public static Task<TestApp> StartAsync(params (string Key, string? Value)[] settings) => StartAsync(new FakeEngine(), settings);

    public static Task<TestApp> StartAsync(FakeEngine engine, params (string Key, string? Value)[] settings) => StartAsync(engine, new FixedClock(), settings);

    public static Task<TestApp> StartAsync(FakeEngine engine, TimeProvider clock, params (string Key, string? Value)[] settings) =>
        StartAsync(engine, clock, null, settings);

    public static async Task<TestApp> StartAsync(FakeEngine engine, TimeProvider clock, ILoggerProvider? log, params (string Key, string? Value)[] given)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Server:Port"] = "0", ["Power:Enabled"] = "false", ["Server:DrainTimeoutMs"] = "0" });

        // A folder that exists only if something is stored.
        var folder = Path.Combine(Path.GetTempPath(), "server-" + Guid.NewGuid().ToString("N"));
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Responses:Path"] = Path.Combine(folder, "responses.db"),
            ["Limits:UsageFile"] = Path.Combine(folder, "usage.json"),
        });
        builder.Configuration.AddInMemoryCollection(given.ToDictionary(setting => setting.Key, setting => setting.Value));
        var settings = SettingsReader.Read(builder.Configuration, out var errors);
        Assert.Empty(errors);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ConfigureListening(settings));
        builder.Services.AddSingleton(clock);
        if (log is not null)
        {
            builder.Logging.AddProvider(log);
        }

        builder.Services.AddSingleton<IInferenceEngine>(engine);
        var app = ServerApplication.Create(builder, settings, Model(settings, Embedding(engine)));
        await app.StartAsync();
        return new TestApp(app, engine, folder);
    }

    public static ServedModel Model(Settings settings, ServedEmbeddingModel? embedding = null) => new(
        new ModelMetadata
        {
            Path = "/models/tiny-chat.gguf",
            Name = "Tiny Chat",
            Architecture = "llama",
            ContextLength = ContextLength,
            EmbeddingLength = 64,
            BlockCount = 2,
            VocabularySize = VocabularySize,
            ParameterCount = 123_456,
            FileSize = 654_321,
            Quantization = "Q4_1",
        },
        ChatTemplate.Parse(settings.Inference.ChatTemplate is { } file ? File.ReadAllText(file) : ChatTemplate.FallbackSource, null, null),
        settings,
        FixedClock.Now,
        embedding);

    // One number per input is what a reranker gives.
    private static ServedEmbeddingModel Embedding(FakeEngine engine) => new(
        new ModelMetadata
        {
            Path = "/models/tiny-embed.gguf",
            Name = "Tiny Embed",
            Architecture = "bert",
            ContextLength = 512,
            EmbeddingLength = engine.EmbeddingLength,
            BlockCount = 2,
            VocabularySize = VocabularySize,
            ParameterCount = 12_345,
            FileSize = 65_432,
            Quantization = "Q8_0",
            Embedding = new EmbeddingMetadata
            {
                Pooling = engine.EmbeddingLength == 1 ? PoolingKind.Rank : PoolingKind.Mean,
                Dimensions = engine.EmbeddingLength,
                MaxInputTokens = 512,
            },
        },
        FixedClock.Now);

    /// <summary>Waits until something is so, and fails if it does not come to that.</summary>
    public static async Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        for (var start = Stopwatch.GetTimestamp(); !condition(); await Task.Delay(5))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, $"It does not come to that: {what}");
        }
    }

    public Task<HttpResponseMessage> PostAsync(string path, string body) => Client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));

    public Task<HttpResponseMessage> ChatAsync(string body) => PostAsync("/v1/chat/completions", body);

    /// <summary>Sends a chat and returns when the headers are there.</summary>
    public Task<HttpResponseMessage> StreamAsync(string body, CancellationToken cancellationToken = default) => Client.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") },
        HttpCompletionOption.ResponseHeadersRead,
        cancellationToken);

    /// <summary>Stops it as a signal does.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
