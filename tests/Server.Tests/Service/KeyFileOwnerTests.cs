using InferenceServer.Server.Service;

namespace InferenceServer.Server.Tests.Service;

/// <summary>Whose a file of keys is that root made.</summary>
public sealed class KeyFileOwnerTests : IDisposable
{
    private static readonly ServiceDefinition Service = ServiceDefinition.Of(ServiceKind.Systemd, "");

    private readonly StandInTools _tools = new("chown");

    public void Dispose() => _tools.Dispose();

    [Theory]
    [InlineData("/etc/inference-server/keys", 0, "The file belongs to the service's user, inference-server.")]
    [InlineData("/etc/inference-server/keys", 1, "The file is root's until 'service install' gives it to the service's user.")]
    [InlineData("/root/keys", 0, "The file is root's alone. A service under a user of its own reads it when it is given to that user: sudo chown inference-server /root/keys")]
    public async Task Give_TellsWhatBecameOfIt(string path, int exitCode, string expected)
    {
        _tools.Answer("chown", $"exit {exitCode}");
        Assert.Equal(expected, await KeyFileOwner.GiveAsync(Service, path, new ServiceTools(_tools.Folder)));
        Assert.Equal(path.StartsWith("/etc/", StringComparison.Ordinal) ? [$"chown inference-server:inference-server {path}"] : [], _tools.Calls);
    }
}
