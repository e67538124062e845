using System.Diagnostics;

namespace InferenceServer.Testing;

/// <summary>Programs that some tests run. A test that misses one skips with the reason, except where <c>REQUIRE_TEST_TOOLS</c> says that all are there.</summary>
internal static class TestTool
{
    /// <summary>Null if the program is there; otherwise the reason to skip with. Throws where tools are required.</summary>
    public static string? WhyMissing(string program)
    {
        if (IsThere(program))
        {
            return null;
        }

        var reason = $"'{program}' is not on the PATH.";
        return Environment.GetEnvironmentVariable("REQUIRE_TEST_TOOLS") is { Length: > 0 } ? throw new InvalidOperationException(reason) : reason;
    }

    private static bool IsThere(string program)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, "--version") { RedirectStandardOutput = true, RedirectStandardError = true });
            process!.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
