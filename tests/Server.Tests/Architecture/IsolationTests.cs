using InferenceServer.Inference;
using InferenceServer.Inference.Remote;
using InferenceServer.Server.Access;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Architecture;

/// <summary>Where the engine runs, in this process or in one of its own, is known to the host that starts it and to nobody who uses it.</summary>
public sealed class IsolationTests
{
    private const string Server = "InferenceServer.Server.";
    private const string Inference = "InferenceServer.Inference.";

    private static readonly string[] Rooms =
    [
        Server + "Endpoints", Server + "OpenAi", Server + "Anthropic", Server + "Ollama", Server + "LlamaServer", Server + "Responses", Server + "Streaming", Server + "Validation", Server + "Web",
        Inference + "Scheduling", Inference + "Cache", Inference + "Engine",
    ];

    [Fact]
    public void Users_OfTheEngine_DoNotKnowWhereItRuns()
    {
        var known =
            from type in AllTypes()
            where Array.Exists(Rooms, room => IsIn(type, room))
            from used in ReferencedTypes.Of(type)
            where IsAboutIsolation(used)
            select $"{type.FullName} uses {used.FullName}";

        Assert.Empty(known.Distinct());
    }

    [Fact]
    public void Walk_FindsRoomsAndWhoKnows()
    {
        // It would find nothing if a room had another name, or if it saw nothing at all.
        Assert.All(Rooms, room => Assert.Contains(AllTypes(), type => IsIn(type, room)));
        Assert.Contains(
            from type in AllTypes()
            where IsIn(type, Server + "Hosting")
            from used in ReferencedTypes.Of(type)
            select used,
            IsAboutIsolation);
    }

    private static bool IsAboutIsolation(Type type) => type == typeof(EngineIsolation) || type == typeof(EngineOptions) || IsIn(type, typeof(RemoteEngine).Namespace!);

    private static bool IsIn(Type type, string room) => type.Namespace == room || type.Namespace?.StartsWith(room + '.', StringComparison.Ordinal) == true;

    private static IEnumerable<Type> AllTypes() => typeof(ApiKeys).Assembly.GetTypes().Concat(typeof(InferenceOptions).Assembly.GetTypes());
}
