using System.Diagnostics;
using System.Xml;
using System.Xml.Linq;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Service;
using InferenceServer.Server.Tests.Commands;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Service;

/// <summary>What service managers are given: the same text as in <c>deploy/</c>, and accepted by the managers' own checks.</summary>
public sealed class ServiceFileTests
{
    private static readonly ServiceDefinition Awkward = ServiceDefinition.Systemd with
    {
        Command = ["/bin/true", "100% \"of\" $HOME", @"back\slash", "<&>"],
    };

    [Theory]
    [InlineData("systemd/inference-server.service", "systemd")]
    [InlineData("launchd/inference-server.daemon.plist", "launchd-daemon")]
    [InlineData("launchd/inference-server.agent.plist", "launchd-agent")]
    public async Task DeployFile_IsWhatTheProgramPrints(string file, string kind)
    {
        var (code, output, errors) = await CommandProcess.RunAsync([("HOME", "/Users/YOU")], "service", "print", kind);
        Assert.Equal((ExitCode.Ok, ""), (code, errors));
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "deploy", file)), output);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unit_SystemdItself_AcceptsIt(bool isAwkward)
    {
        Skip.If(TestTool.WhyMissing("systemd-analyze") is not null, TestTool.WhyMissing("systemd-analyze"));
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            // Verification looks for the program, which is installed nowhere here.
            var unit = Path.Combine(folder.FullName, "inference-server.service");
            await File.WriteAllTextAsync(unit, SystemdUnit.Write(isAwkward ? Awkward : ServiceDefinition.Systemd with { Command = ["/bin/true"] }));
            Assert.Equal((0, ""), await RunAsync("systemd-analyze", "verify", "--man=no", unit));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public async Task Unit_WithAMistake_SystemdRefusesIt()
    {
        Skip.If(TestTool.WhyMissing("systemd-analyze") is not null, TestTool.WhyMissing("systemd-analyze"));
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var unit = Path.Combine(folder.FullName, "inference-server.service");
            await File.WriteAllTextAsync(unit, SystemdUnit.Write(ServiceDefinition.Systemd with { Command = ["/bin/true"] }).Replace("Type=notify", "Type=noisy", StringComparison.Ordinal));
            Assert.Contains("noisy", (await RunAsync("systemd-analyze", "verify", "--man=no", unit)).Output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [SkippableTheory]
    [InlineData("daemon", "integer", true)]
    [InlineData("agent", "integer", true)]
    [InlineData("daemon", "number", false)]
    public async Task Plist_FollowsTheGrammarOfPropertyLists(string kind, string numberElement, bool isValid)
    {
        Skip.If(TestTool.WhyMissing("xmllint") is not null, TestTool.WhyMissing("xmllint"));
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var text = await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "deploy", "launchd", $"inference-server.{kind}.plist"));
            var file = Path.Combine(folder.FullName, "plist");
            await File.WriteAllTextAsync(file, text.Replace("integer>", $"{numberElement}>", StringComparison.Ordinal));

            // It also says that it could not fetch Apple's own grammar, which no test may.
            var (code, output) = await RunAsync("xmllint", "--nonet", "--noout", "--dtdvalid", RepositoryFiles.Data("plist.dtd"), file);
            Assert.True(isValid == (code == 0), output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PlistCommand_WithAndWithoutSecrets_BecomesTheServerWithThem(bool hasSecrets)
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var environment = Path.Combine(folder.FullName, "environment");
            if (hasSecrets)
            {
                await File.WriteAllTextAsync(environment, "# a comment\nSECRET='two words'\n");
            }

            var plist = Parse(LaunchdPlist.Write(ServiceDefinition.LaunchDaemon with
            {
                EnvironmentFile = environment,
                Command = ["/bin/sh", "-c", "echo \"$PPID:$SECRET:$1\"", "sh", "an <argument> & $more"],
            }));
            var arguments = plist.Descendants("key").Single(key => key.Value == "ProgramArguments").ElementsAfterSelf().First().Elements().Select(element => element.Value).ToList();
            var (code, output) = await RunAsync(arguments[0], [.. arguments.Skip(1)]);

            // The server's parent is whoever started the command: nothing stands between them that would swallow a signal.
            Assert.Equal((0, $"{Environment.ProcessId}:{(hasSecrets ? "two words" : "")}:an <argument> & $more\n"), (code, output));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static XDocument Parse(string text)
    {
        using var reader = XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader);
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TestApp.Patience);
        return (process.ExitCode, output + await errors);
    }
}
