using InferenceServer.Inference;
using InferenceServer.Inference.Remote;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Integration.Tests.Engine;

/// <summary>The real engine, for a tiny model, in a process of its own.</summary>
internal static class TinyEngineProcess
{
    /// <summary>Makes an engine for a model's file, not started.</summary>
    public static RemoteEngine Create(string modelPath, InferenceOptions options, ILoggerFactory loggers)
    {
        var setup = new RemoteEngineSetup
        {
            Inference = options,
            Cache = new CacheOptions { DiskLimit = 0 },
            Engine = new EngineOptions(),
            ModelPath = modelPath,
            Command = ["dotnet", Path.Combine(AppContext.BaseDirectory, "InferenceServer.dll"), "engine"],
        };
        return new RemoteEngine(setup, loggers);
    }
}
