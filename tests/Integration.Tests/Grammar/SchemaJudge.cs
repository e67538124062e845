using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Grammar;

/// <summary>An independent validator: ajv, run by Node.</summary>
internal static class SchemaJudge
{
    private static readonly string Folder = Path.Combine(RepositoryFiles.Root, "tests", "Integration.Tests", "Grammar");
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Null if it can be run; otherwise the reason to skip with.</summary>
    public static string? WhyMissing() => TestTool.WhyMissing("node") ?? TestTool.WhyMissing("npm");

    /// <summary>For every text of every schema why it does not fit; null if it does.</summary>
    public static async Task<IReadOnlyList<string?[]>> JudgeAsync(IReadOnlyList<(string Schema, IReadOnlyList<string> Texts)> questions)
    {
        if (!File.Exists(Path.Combine(Folder, "node_modules", "ajv-formats", "package.json")))
        {
            await RunAsync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], "");
        }

        var input = string.Concat(questions.Select(question => JsonSerializer.Serialize(
            new { Schema = JsonDocument.Parse(question.Schema).RootElement, question.Texts, IsDraft7 = question.Schema.Contains("additionalItems", StringComparison.Ordinal) }, Options) + "\n"));
        var output = await RunAsync("node", ["validate.mjs"], input);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<string?[]>(line)!)];
    }

    private static async Task<string> RunAsync(string program, string[] arguments, string input)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var text = await output.WaitAsync(TimeSpan.FromMinutes(3));
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        return text;
    }
}
