using System.Diagnostics;
using System.Text.Json;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>Runs the scripts of this folder, which use packages as their users install them.</summary>
internal static class NodeClient
{
    private static readonly string Folder = Path.Combine(RepositoryFiles.Root, "tests", "Integration.Tests", "Clients");

    /// <summary>Skips the test where Node is missing; else installs the packages of the lock file if they are not there.</summary>
    public static async Task InstallAsync()
    {
        var missing = TestTool.WhyMissing("node") ?? TestTool.WhyMissing("npm");
        Skip.If(missing is not null, missing);
        if (File.GetLastWriteTimeUtc(Path.Combine(Folder, "node_modules", ".package-lock.json")) < File.GetLastWriteTimeUtc(Path.Combine(Folder, "package-lock.json")))
        {
            await RunAsync("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts");
        }
    }

    /// <summary>What a script prints: one JSON value.</summary>
    public static async Task<JsonElement> RunScriptAsync(string script, params string[] arguments) =>
        JsonElement.Parse(await RunAsync("node", [script, .. arguments]));

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(3));
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        return output;
    }
}
