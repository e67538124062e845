namespace InferenceServer.Integration.Tests.Clients;

/// <summary>One server with the embedded model for all tests of real clients, which run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class ClientCollection : ICollectionFixture<ClientCollection.Fixture>
{
    public const string Name = "clients";

    public sealed class Fixture : IAsyncLifetime
    {
        internal RunningServer Server { get; private set; } = null!;

        public async Task InitializeAsync() => Server = await RunningServer.StartAsync(("Metrics:MemoryBandwidthGBps", "50"));

        public async Task DisposeAsync()
        {
            await Server.WaitUntilIdleAsync();
            await Server.DisposeAsync();
        }
    }
}
