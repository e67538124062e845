using InferenceServer.Inference.Native;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Integration.Tests.Native;

/// <summary>Loads the libraries for tests that use them without an engine.</summary>
[CollectionDefinition(Name)]
public sealed class NativeCollection : ICollectionFixture<NativeCollection.Libraries>
{
    public const string Name = "native";

    public sealed class Libraries
    {
        public Libraries() => NativeLibraries.Load(null, NullLogger.Instance);
    }
}

/// <summary>The same for tests that count live handles or read the log, of which there is one in the process: nothing runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class NativeAloneCollection : ICollectionFixture<NativeCollection.Libraries>
{
    public const string Name = "native alone";
}
