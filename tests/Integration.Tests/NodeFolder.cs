using System.Diagnostics;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests;

/// <summary>A folder of this project with npm packages of its own.</summary>
/// <param name="name">Of the folder.</param>
internal sealed class NodeFolder(string name)
{
    // Test classes run side by side, and one npm empties the folder that the other fills.
    private static readonly SemaphoreSlim Installing = new(1);

    private readonly string _folder = Path.Combine(RepositoryFiles.Root, "tests", "Integration.Tests", name);

    /// <summary>Skips the test where Node is missing; else installs the packages of the lock file if they are not there.</summary>
    public async Task InstallAsync()
    {
        var missing = TestTool.WhyMissing("node") ?? TestTool.WhyMissing("npm");
        Skip.If(missing is not null, missing);
        await Installing.WaitAsync();
        try
        {
            if (File.GetLastWriteTimeUtc(Path.Combine(_folder, "node_modules", ".package-lock.json")) < File.GetLastWriteTimeUtc(Path.Combine(_folder, "package-lock.json")))
            {
                var (code, output, errors) = await RunAsync("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts");
                Assert.True(code == 0, output + errors);
            }
        }
        finally
        {
            Installing.Release();
        }
    }

    /// <summary>Runs a program there.</summary>
    public async Task<(int Code, string Output, string Errors)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(3));
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await errors);
    }
}
