using InferenceServer.Inference;
using InferenceServer.Inference.Remote;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Integration.Tests.Engine;

/// <summary>The real engine, for a tiny model, in a process of its own.</summary>
internal static class TinyEngineProcess
{
    /// <summary>The program and the word before those that its host adds.</summary>
    public static IReadOnlyList<string> Command { get; } = ["dotnet", Path.Combine(AppContext.BaseDirectory, "InferenceServer.dll"), "engine"];

    /// <summary>Makes an engine for a model's file, not started.</summary>
    /// <param name="modelPath">The file.</param>
    /// <param name="options">How to load it.</param>
    /// <param name="loggers">For its log.</param>
    /// <param name="command">What to start; null for <see cref="Command"/>.</param>
    public static RemoteEngine Create(string modelPath, InferenceOptions options, ILoggerFactory loggers, IReadOnlyList<string>? command = null)
    {
        var setup = new RemoteEngineSetup
        {
            Inference = options,
            Cache = new CacheOptions { DiskLimit = 0 },
            Engine = new EngineOptions(),
            ModelPath = modelPath,
            Command = command ?? Command,
        };
        return new RemoteEngine(setup, loggers);
    }
}
