using InferenceServer.Inference.Native;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Integration.Tests.Native;

/// <summary>Loads the libraries; tests that count native handles or read the process-wide log run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class NativeCollection : ICollectionFixture<NativeCollection.Libraries>
{
    public const string Name = "native";

    public sealed class Libraries
    {
        public Libraries() => NativeLibraries.Load(null, NullLogger.Instance);
    }
}
