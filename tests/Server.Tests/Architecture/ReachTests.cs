using System.Diagnostics;
using System.Net.Sockets;
using InferenceServer.Inference;
using InferenceServer.Server.Access;
using InferenceServer.Server.Responses;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Architecture;

/// <summary>No path leads from a request to a file, a process or another machine: the code that reads requests and makes answers knows none.</summary>
public sealed class ReachTests
{
    private const string Server = "InferenceServer.Server.";
    private const string Inference = "InferenceServer.Inference.";

    private static readonly string[] Rooms =
    [
        Server + "Anthropic", Server + "Endpoints", Server + "LlamaServer", Server + "Ollama", Server + "OpenAi", Server + "Responses", Server + "Streaming", Server + "Validation",
        Server + "Web", Inference + "Chat", Inference + "Grammar", Inference + "Sampling", Inference + "Cache", Inference + "Scheduling",
    ];

    // One file, named by the settings, in which ids are parameters of statements; one folder, named by the settings, in which names are hashes.
    private static readonly Type[] Exempt =
    [
        typeof(ResponseDatabase), typeof(ResponseStore), typeof(ResponsesOptionsRules),
        typeof(InferenceOptions).Assembly.GetType(Inference + "Cache.Disk.CacheFolder", throwOnError: true)!,
    ];

    private static readonly Type[] OutOfReach =
    [
        typeof(File), typeof(FileInfo), typeof(FileStream), typeof(Directory), typeof(DirectoryInfo), typeof(StreamReader), typeof(StreamWriter),
        typeof(Process), typeof(HttpClient), typeof(Socket), typeof(TcpClient),
    ];

    [Fact]
    public void Requests_AreReadAndAnswered_WithoutReachingOut()
    {
        var forbidden =
            from type in typeof(ApiKeys).Assembly.GetTypes().Concat(typeof(InferenceOptions).Assembly.GetTypes())
            where Array.Exists(Rooms, room => type.Namespace == room || type.Namespace?.StartsWith(room + '.', StringComparison.Ordinal) == true)
            where !Array.Exists(Exempt, exempt => exempt == type || exempt == type.DeclaringType)
            from used in ReferencedTypes.Of(type)
            where OutOfReach.Contains(used)
            select $"{type.FullName} uses {used.FullName}";

        Assert.Empty(forbidden.Distinct());
    }

    [Fact]
    public void Walk_FindsWhatReachesOut() => Assert.Contains(typeof(File), ReferencedTypes.Of(typeof(KeyFile)));
}
