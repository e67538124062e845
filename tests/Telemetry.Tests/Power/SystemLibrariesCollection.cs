using InferenceServer.Telemetry.Tests.Power.MacOS;
using InferenceServer.Telemetry.Tests.Power.Nvidia;

namespace InferenceServer.Telemetry.Tests.Power;

/// <summary>Tests that load libraries, which are the whole process's.</summary>
[CollectionDefinition(Name)]
public sealed class SystemLibrariesCollection : ICollectionFixture<MacStandIn>, ICollectionFixture<NvmlStandIn>
{
    public const string Name = "System libraries";
}
