using InferenceServer.Telemetry.Power;
using InferenceServer.Testing;

namespace InferenceServer.Telemetry.Tests.Power.MacOS;

/// <summary>The stand-in for macOS' libraries. One for the process: a loaded library stays.</summary>
public sealed class MacStandIn : IDisposable
{
    public MacStandIn()
    {
        string[] names = [SystemLibraries.CoreFoundation, SystemLibraries.IOKit, SystemLibraries.IOReport, SystemLibraries.MacSystem, SystemLibraries.Metal, SystemLibraries.ObjectiveC];
        foreach (var name in names)
        {
            if (Library.WhyMissing is null)
            {
                Assert.True(SystemLibraries.TryLoad(name, Library.Path));
            }
        }
    }

    internal CompiledLibrary Library { get; } = new("Telemetry.Tests/Power/MacOS/macos.c");

    public void Dispose() => Library.Dispose();
}
