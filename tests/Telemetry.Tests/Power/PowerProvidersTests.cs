using InferenceServer.Telemetry.Power;

namespace InferenceServer.Telemetry.Tests.Power;

[Collection(SystemLibrariesCollection.Name)]
public sealed class PowerProvidersTests
{
    // Whatever this machine is: every provider opens, or says in a sentence why not, and a reading throws nothing.
    [Fact]
    public void ForThisSystem_OnThisMachine_OpensOrTellsWhyNot()
    {
        foreach (var provider in PowerProviders.ForThisSystem(new PowerOptions(), TimeProvider.System))
        {
            var opening = provider.Open();
            if (opening.Source is { } source)
            {
                using (source)
                {
                    Assert.NotEmpty(source.Channels);
                    Assert.All(source.Channels, channel => Assert.Equal(provider.Name, channel.Provider));
                    source.Read(TimeProvider.System.GetSeconds(), new PowerReading[source.Channels.Count]);
                }
            }
            else
            {
                Assert.NotEqual(ChannelFault.None, opening.Fault);
                Assert.False(string.IsNullOrWhiteSpace(opening.Detail));
            }
        }
    }
}
