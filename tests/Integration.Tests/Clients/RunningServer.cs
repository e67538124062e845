using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Remote;
using InferenceServer.Server.Hosting;
using InferenceServer.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>The server as it is composed in production: real Kestrel on a free port, real engine, a model from a file.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _folder;
    private readonly StepRecorder _steps;
    private readonly LineLog _warnings;

    private RunningServer(WebApplication app, StepRecorder steps, LineLog warnings, DirectoryInfo folder)
    {
        _steps = steps;
        _warnings = warnings;
        _folder = folder;
        _app = app;
        Address = new Uri(app.ClientAddress());
        Client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(5) };
    }

    public Uri Address { get; }

    /// <summary>Base address for clients of the API.</summary>
    public Uri ApiAddress => new(Address, "/v1");

    public HttpClient Client { get; }

    /// <summary>What was logged as a warning or graver so far.</summary>
    public IReadOnlyCollection<string> Warnings => _warnings.Lines;

    public EngineStats Stats => _app.Services.GetRequiredService<IInferenceEngine>().Stats;

    /// <summary>The engine's process; null if it has none of its own, or none now.</summary>
    public int? EngineProcessId => (_app.Services.GetService<IHostedEngine>() as RemoteEngine)?.ProcessId;

    public static Task<RunningServer> StartAsync(params (string Key, string? Value)[] given) => StartAsync(null, given);

    /// <summary>With an engine of the test's own in place of the real one; null for the real one.</summary>
    public static async Task<RunningServer> StartAsync(IInferenceEngine? engine, params (string Key, string? Value)[] given)
    {
        var folder = Directory.CreateTempSubdirectory("responses-");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Server:Port"] = "0",
            ["Cache:DiskPath"] = Path.Combine(folder.FullName, "cache"),
            ["Inference:ModelPath"] = RepositoryFiles.ChatModel,
            ["Responses:Path"] = Path.Combine(folder.FullName, "responses.db"),
        });
        builder.Configuration.AddInMemoryCollection(given.ToDictionary(setting => setting.Key, setting => setting.Value));
        var settings = SettingsReader.Read(builder.Configuration, out var errors);
        Assert.Empty(errors);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ConfigureListening(settings));
        if (engine is null)
        {
            builder.Services.AddEngine();
        }
        else
        {
            builder.Services.AddSingleton(engine);
        }

        var steps = new StepRecorder();
        builder.Services.AddSingleton<StepObserver>(steps.Record);
        var warnings = new LineLog(LogLevel.Warning);
        builder.Logging.AddProvider(warnings);
        var app = ServerApplication.Create(builder, settings, ModelReader.Read(settings));
        await app.StartAsync();
        app.Services.GetService<EngineStarter>()?.Start();
        var server = new RunningServer(app, steps, warnings, folder);
        await server.WaitUntilReadyAsync();
        return server;
    }

    /// <summary>Ends the engine's process by SIGKILL, once there is one.</summary>
    public void KillEngine()
    {
        int? id;
        while ((id = EngineProcessId) is null)
        {
            Thread.Sleep(5);
        }

        using var process = Process.GetProcessById(id.Value);
        process.Kill();
    }

    public Task<HttpResponseMessage> ChatAsync(object body) => Client.PostAsJsonAsync("/v1/chat/completions", body);

    /// <summary>A chat answered whole; throws unless the status is 200.</summary>
    public async Task<JsonElement> AnswerAsync(object body)
    {
        using var response = await ChatAsync(body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>The rows of the last few thousand steps, oldest first.</summary>
    public IReadOnlyList<StepRow[]> ReadSteps()
    {
        _app.Services.GetRequiredService<StepReader>().Read();
        return _steps.Rows;
    }

    /// <summary>Waits until nothing runs or waits and no cell is held by a running sequence; the books then match the library's memory.</summary>
    public async Task<EngineStats> WaitUntilIdleAsync()
    {
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (Stats is not { NumRunning: 0, NumWaiting: 0, NumQueued: 0, NumUsedCells: 0 } && DateTime.UtcNow < deadline)
        {
            await Task.Delay(10);
        }

        await Task.Delay(50);
        var stats = Stats;
        Assert.Equal((0, 0, 0, 0), (stats.NumRunning, stats.NumWaiting, stats.NumQueued, stats.NumUsedCells));
        Assert.Equal(0, stats.NumBookErrors);
        return stats;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task WaitUntilReadyAsync()
    {
        var deadline = DateTime.UtcNow.AddMinutes(3);
        while (true)
        {
            using var response = await Client.GetAsync("/readyz");
            if (response.IsSuccessStatusCode)
            {
                return;
            }

            Assert.True(DateTime.UtcNow < deadline, "The engine does not get ready.");
            await Task.Delay(50);
        }
    }
}
