namespace InferenceServer.Telemetry.Tests.Power;

/// <summary>Tests that load libraries, which are the whole process's.</summary>
[CollectionDefinition(Name)]
public sealed class SystemLibrariesCollection
{
    public const string Name = "System libraries";
}
