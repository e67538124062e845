using System.Text.RegularExpressions;
using InferenceServer.Integration.Tests.Clients;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>What a server of its own process tells its operator of an engine that ended, and what it tells nobody.</summary>
[Collection(ClientCollection.Name)]
public sealed class ReportTests
{
    private const string Secret = "SECRET-4711-word";

    [SkippableFact]
    public async Task Log_AfterACrash_HoldsAllThatIsKnown_AndNoText()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Looks below /proc.");
        using var model = new TinyModelFile();
        var folder = Directory.CreateTempSubdirectory("report-");
        try
        {
            await using var server = await ServerProcess.StartAsync([.. model.Settings, ("Log:File", Path.Combine(folder.FullName, "server-.jsonl")), ("Log:Level", "Verbose")]);
            var body = TinyModelFile.Body(1, maxTokens: 1200);
            body["prompt"] = $"{Secret} {body["prompt"]}";
            var answer = await StreamedAnswer.ReadAsync(
                server.Client,
                body,
                count =>
                {
                    if (count == 5)
                    {
                        ProcessSignal.Fault(HostTests.EngineOf(server), 6);
                    }
                },
                "/v1/completions");
            Assert.Equal(("length", 0), (answer.FinishReason, answer.NumErrors));

            server.Signal("TERM");
            var (code, output, errors) = await server.WaitAsync();
            Assert.Equal(0, code);
            var lines = string.Concat(Directory.GetFiles(folder.FullName, "*.jsonl").Select(File.ReadAllText));
            Assert.Contains("The engine is back after ", output, StringComparison.Ordinal);
            var report = Assert.Single(output.Split('\n'), line => line.Contains("The engine's process ", StringComparison.Ordinal) && line.Contains(" ended: ", StringComparison.Ordinal));
            var tokens = answer.Usage!.Value.GetProperty("prompt_tokens").GetInt32();
            var shape = new Regex($@"ended: Aborted, exit code 134\. Last step: 1 decodes, 0 prefill tokens\. Running: [0-9]+ \({tokens} prompt, [0-9]+ output tokens\)\. Its last lines:");
            Assert.True(shape.IsMatch(report), report);
            foreach (var text in new[] { output, lines, errors })
            {
                Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
                Assert.DoesNotContain(answer.Text[..40], text, StringComparison.Ordinal);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
