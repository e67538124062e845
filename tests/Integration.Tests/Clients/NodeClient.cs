using System.Text.Json;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>Runs the scripts of this folder, which use packages as their users install them.</summary>
internal static class NodeClient
{
    private static readonly NodeFolder Folder = new("Clients");

    /// <summary>Skips the test where Node is missing; else installs the packages of the lock file if they are not there.</summary>
    public static Task InstallAsync() => Folder.InstallAsync();

    /// <summary>What a script prints: one JSON value.</summary>
    public static async Task<JsonElement> RunScriptAsync(string script, params string[] arguments)
    {
        var (code, output, errors) = await Folder.RunAsync("node", [script, .. arguments]);
        Assert.True(code == 0, errors);
        return JsonElement.Parse(output);
    }
}
