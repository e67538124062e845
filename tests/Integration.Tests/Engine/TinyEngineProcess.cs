using InferenceServer.Inference;
using InferenceServer.Inference.Remote;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Integration.Tests.Engine;

/// <summary>The real engine over a tiny model, in a process of its own.</summary>
internal static class TinyEngineProcess
{
    /// <summary>Writes a model to a file and makes an engine for it, not started.</summary>
    public static RemoteEngine Create(string modelPath, InferenceOptions options, ILoggerFactory loggers)
    {
        TinyModel.Create(new TinyModelOptions()).WriteTo(modelPath);
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
