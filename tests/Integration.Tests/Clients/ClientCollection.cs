using InferenceServer.Integration.Tests.Metrics;
using InferenceServer.Integration.Tests.Web;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>One server with the embedded model, on a machine that measures itself, for all tests of real clients, which run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class ClientCollection : ICollectionFixture<ClientCollection.Fixture>
{
    public const string Name = "clients";

    public sealed class Fixture : IAsyncLifetime
    {
        internal StandInMachine Machine { get; } = new();

        internal RunningServer Server { get; private set; } = null!;

        public async Task InitializeAsync() => Server = await RunningServer.StartAsync(
            [("Metrics:MemoryBandwidthGBps", "50"), ("Power:PricePerKwh", "0.3"), ("Inference:Threads", Tab.KeepsPictures ? "1" : null), .. Machine.Settings.Select(setting => (setting.Key, (string?)setting.Value))]);

        public async Task DisposeAsync()
        {
            await Server.WaitUntilIdleAsync();
            await Server.DisposeAsync();
            Machine.Dispose();
        }
    }
}
