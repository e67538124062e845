using InferenceServer.Inference;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Remote;
using InferenceServer.Server.Access;
using InferenceServer.Server.Anthropic;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Doctor;
using InferenceServer.Server.Endpoints;
using InferenceServer.Server.LlamaServer;
using InferenceServer.Server.Measuring;
using InferenceServer.Server.Ollama;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Responses;
using InferenceServer.Server.Sleep;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Web;
using InferenceServer.Telemetry;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting.Systemd;

namespace InferenceServer.Server.Hosting;

/// <summary>Puts the server together: services, the way of a request through the middleware, and the routes.</summary>
internal static class ServerApplication
{
    /// <summary>What comes after the drain at most: a step's end, freeing the model, last bytes to slow readers.</summary>
    public static readonly TimeSpan StopTime = TimeSpan.FromSeconds(20);

    /// <summary>Builds it; nothing listens yet.</summary>
    /// <param name="builder">With configuration and web server set up.</param>
    /// <param name="settings">Validated.</param>
    /// <param name="model">What is served.</param>
    public static WebApplication Create(WebApplicationBuilder builder, Settings settings, ServedModel model)
    {
        AddServices(builder.Services, settings, model);
        var app = builder.Build();
        app.UseMiddleware<RequestLog>();
        app.UseMiddleware<ErrorMapping>();
        app.UseMiddleware<PathNormalizer>();
        app.UseMiddleware<MetricsPort>();
        app.UseMiddleware<HostGuard>();
        app.UseMiddleware<Cors>();
        app.UseMiddleware<KeyCheck>();
        app.UseRouting();
        app.MapChatCompletions();
        app.MapMessages();
        app.MapResponseCreation();
        app.MapStoredResponses();
        app.MapOllamaText();
        app.MapOllamaCatalog();
        app.MapNativeCompletions();
        app.MapServerStatus();
        app.MapCompletions();
        app.MapEmbeddings();
        app.MapRerank();
        app.MapTokenization();
        app.MapModels();
        app.MapHealth();
        app.MapMetrics();
        app.MapSnapshots();
        app.MapWebPage();
        app.MapOpenApi("/openapi/{documentName}.json");
        return app;
    }

    /// <summary>The engine, in this process or in one of its own; <see cref="EngineStarter"/> starts it.</summary>
    public static void AddEngine(this IServiceCollection services)
    {
        services.AddSingleton<ProcessOutcome>();
        services.AddSingleton<RecoveryInstruments>();
        services.AddSingleton(CreateEngine);
        services.AddSingleton<IInferenceEngine>(provider => provider.GetRequiredService<IHostedEngine>());
        services.AddSingleton(provider => provider.GetRequiredService<IHostedEngine>() is RemoteEngine remote ? new EngineProcess(() => remote.ProcessId) : EngineProcess.Own);

        // Not AddSystemd: it would say that the service is ready before the model is loaded.
        services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
        services.AddSingleton<EngineStarter>();
        services.AddHostedService(provider => provider.GetRequiredService<EngineStarter>());
        services.AddSingleton<Func<WakeLock>>(WakeLock.Take);
        services.AddHostedService<SleepGuard>();
    }

    private static IHostedEngine CreateEngine(IServiceProvider provider)
    {
        var (settings, model, loggers) = (provider.GetRequiredService<Settings>(), provider.GetRequiredService<ServedModel>(), provider.GetRequiredService<ILoggerFactory>());
        if (settings.Engine.Isolation == EngineIsolation.None)
        {
            var grammars = provider.GetRequiredService<GrammarCache>();
            return new InferenceEngine(settings.Inference, model.Metadata.Path, loggers, model.Embedding?.Metadata, grammars, settings.Cache);
        }

        var setup = new RemoteEngineSetup
        {
            Inference = settings.Inference,
            Cache = settings.Cache,
            Engine = settings.Engine,
            ModelPath = model.Metadata.Path,
            ModelBytes = model.Files.Sum(file => new FileInfo(file).Length),
            EmbeddingModelPath = model.Embedding?.Metadata.Path,
            Command = [.. OwnProgram.Words, EngineCommand.Name],
        };
        return new RemoteEngine(setup, loggers, provider.GetRequiredService<RecoveryInstruments>());
    }

    private static void AddServices(IServiceCollection services, Settings settings, ServedModel model)
    {
        services.AddSingleton(settings);
        services.AddSingleton(model);
        services.AddSingleton(new OriginPolicy(settings.Server.AllowedOrigins));
        services.AddSingleton(new AdmissionGate(settings.Inference.Parallel + settings.Inference.MaxWaiting));
        services.TryAddSingleton(TimeProvider.System);
        AddAccess(services);
        services.AddMeasuring(settings, model);
        AddResponses(services);
        services.AddSingleton<RunningGenerations>();
        services.AddWebPage();
        services.AddSingleton(provider => new GrammarCache(observer: provider.GetRequiredService<ServerInstruments>().RecordCompile));
        services.AddSingleton<GrammarStop>();
        services.AddSingleton<ChatConstraints>();
        services.AddSingleton(new GeneratedTurns(GeneratedTurns.DefaultMaxBytes));
        services.AddSingleton<GenerationStarter>();
        AddDrain(services, settings);
        services.AddSingleton<ChatPipeline>();
        services.AddSingleton<CompletionPipeline>();
        services.AddSingleton<EmbeddingPipeline>();
        services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = OpenAiJson.Wire.Options.PropertyNamingPolicy;
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, OpenAiJson.Wire);
            options.SerializerOptions.TypeInfoResolverChain.Insert(1, AnthropicJson.Wire);
            options.SerializerOptions.TypeInfoResolverChain.Insert(2, OllamaJson.Wire);
            options.SerializerOptions.TypeInfoResolverChain.Insert(3, LlamaServerJson.Wire);
        });
        services.AddRouting();
        services.AddOpenApi();
    }

    private static void AddAccess(IServiceCollection services)
    {
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<TlsCertificate>();
        services.AddSingleton<UsageFile>();
        services.AddHostedService(provider => provider.GetRequiredService<UsageFile>());
        services.AddSingleton<GenerationWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<GenerationWatch>());
    }

    // Hosted services stop in reverse order: registered after the engine's and the background responses', it is done before they end.
    private static void AddDrain(IServiceCollection services, Settings settings)
    {
        services.AddSingleton<Drain>();
        services.AddHostedService(provider => provider.GetRequiredService<Drain>());
        services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(settings.Server.DrainTimeoutMs) + StopTime);
    }

    private static void AddResponses(IServiceCollection services)
    {
        services.AddSingleton<ResponseStore>();
        services.AddHostedService(provider => provider.GetRequiredService<ResponseStore>());
        services.AddSingleton<BackgroundResponses>();
        services.AddHostedService(provider => provider.GetRequiredService<BackgroundResponses>());
        services.AddSingleton<ResponseConversations>();
    }
}
